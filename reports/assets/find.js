// Search over all that the page says, and chips that narrow the findings.
const tools = document.querySelector("#tools");
const MOST = 60;
const MOST_LINES = 1000; // counted in a whole file
const AROUND = 60;
const KINDS = [
  ["#findings .card", "finding"],
  [".plan", "plan"],
  ["#causes > ol > li", "story"],
  ["#disks .card", "disk"],
  ["#errors li", "error"],
  [".quote", "line"],
  ["#nbd .card, #runs .card, #clocks .card", "object"],
  ["main tbody tr", "row"],
  [".wide", "lines around"],
  ["main p, main dd", "text"],
];

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// Search

let index = null;

function built() {
  const seen = new Set();
  const found = [];
  for (const [selector, kind] of KINDS) {
    for (const node of document.querySelectorAll(selector)) {
      if (seen.has(node) || (kind === "text" && node.closest(".card, .quote, li, tr"))) continue;
      seen.add(node);
      const text = node.textContent.replace(/\s+/g, " ").trim();
      const heading = node.querySelector("h3, h4, h5, figcaption, th, summary");
      const title = (heading || node).textContent.replace(/\s+/g, " ").trim().slice(0, 90);
      found.push({ node, kind, text, low: text.toLowerCase(), title });
    }
  }
  return found;
}

const input = element("input", {
  type: "search",
  placeholder: "Find  /",
  "aria-label": "Find in this report",
  autocomplete: "off",
  spellcheck: false,
});
const results = element("ol", { id: "results", hidden: true });
const status = element("p", { className: "meta", role: "status", hidden: true });
const panel = element("div", { className: "results", hidden: true }, status, results);
tools.append(input, panel);

function snippet(item, words) {
  const at = item.low.indexOf(words[0]);
  const begin = Math.max(0, at - AROUND);
  const end = Math.min(item.text.length, at + words[0].length + AROUND);
  const mark = element("mark", { textContent: item.text.slice(at, at + words[0].length) });
  return [
    `${begin ? "…" : ""}${item.text.slice(begin, at)}`,
    mark,
    `${item.text.slice(at + words[0].length, end)}${end < item.text.length ? "…" : ""}`,
  ];
}

let asked = 0;

// What whole files have of the words stands behind the places: they lie packed in the page.
function lookInFiles(words, places) {
  const mine = ++asked;
  let lines = 0;
  let files = 0;
  const told = (box, hits) => {
    if (mine !== asked || !hits.length) return;
    lines += hits.length;
    files += 1;
    const many = hits.length < MOST_LINES ? `${hits.length}` : `${MOST_LINES} and more`;
    const name = box.closest(".member").querySelector("h3").textContent;
    const button = element(
      "button",
      { type: "button" },
      element("b", { textContent: `whole file: ${name}` }),
      element("span", { textContent: `${many} ${hits.length > 1 ? "lines" : "line"} with it, from line ${hits[0][0]} on` }),
    );
    button.addEventListener("click", () => {
      panel.hidden = true;
      box.dispatchEvent(new CustomEvent("only", { bubbles: true, detail: words }));
    });
    results.append(element("li", {}, button));
    status.textContent = `${places}; ${lines} ${lines > 1 ? "lines" : "line"} of ${files} whole ${files > 1 ? "files" : "file"}, at the end`;
  };
  if (!globalThis.DecompressionStream && document.querySelector(".packed")) {
    status.textContent = `${places}; this browser cannot look through whole files`;
  }
  document.dispatchEvent(new CustomEvent("look", { detail: { words, most: MOST_LINES, told } }));
}

function search() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  results.replaceChildren();
  panel.hidden = results.hidden = status.hidden = !words.length;
  highlight([], "");
  asked += 1;
  if (!words.length) return;
  index ??= built();
  const hits = index.filter((item) => words.every((word) => item.low.includes(word)));
  const places = hits.length > MOST ? `${hits.length} places, the first ${MOST}` : `${hits.length} places`;
  status.textContent = places;
  for (const item of hits.slice(0, MOST)) {
    const button = element(
      "button",
      { type: "button" },
      element("b", { textContent: `${item.kind}: ${item.title}` }),
      element("span", {}, ...snippet(item, words)),
    );
    button.addEventListener("click", () => {
      panel.hidden = true;
      item.node.dispatchEvent(new CustomEvent("go", { bubbles: true }));
      highlight([item.node], words[0]);
    });
    results.append(element("li", {}, button));
  }
  lookInFiles(words, places);
}

// Marks words without touching the page's elements, where the browser can.
function highlight(nodes, word) {
  if (!globalThis.CSS?.highlights) return;
  const ranges = [];
  for (const node of nodes) {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const low = text.data.toLowerCase();
      for (let at = low.indexOf(word); at >= 0; at = low.indexOf(word, at + 1)) {
        const range = new Range();
        range.setStart(text, at);
        range.setEnd(text, Math.min(at + word.length, text.length));
        ranges.push(range);
      }
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

let waiting = 0;
input.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(search, 120);
});
input.addEventListener("focus", () => document.dispatchEvent(new Event("unpack")), { once: true });
input.addEventListener("focus", () => {
  if (input.value) panel.hidden = false;
});
tools.addEventListener("keydown", (event) => {
  const buttons = [...results.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  if (event.key === "ArrowDown") (buttons[at + 1] || buttons[0])?.focus();
  else if (event.key === "ArrowUp") (at > 0 ? buttons[at - 1] : input).focus();
  else if (event.key === "Enter" && event.target === input) buttons[0]?.click();
  else return;
  if (event.target.tagName !== "SELECT") event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    input.focus();
  } else if (event.key === "Escape" && (!panel.hidden || typing === input)) {
    input.value = "";
    search();
    input.blur();
  }
});
document.addEventListener("click", (event) => {
  if (!tools.contains(event.target)) panel.hidden = true;
});

// Chips

const box = document.querySelector("#chips");
const cards = [...document.querySelectorAll("#findings .card[data-severity]")];
const GROUPS = [
  ["severity", "Severity"],
  ["now", "State"],
  ["kind", "Kind"],
  ["hosts", "Host"],
  ["objects", "Object"],
];
const FEW = 10;
const chosen = new Map(GROUPS.map(([name]) => [name, new Set()]));
const values = (card, name) => (card.dataset[name] || "").split("\n").filter(Boolean);
const said = element("p", { className: "meta", role: "status" });

function chips() {
  for (const [name, title] of GROUPS) {
    const counts = new Map();
    for (const card of cards) {
      for (const value of values(card, name)) counts.set(value, (counts.get(value) || 0) + 1);
    }
    if (counts.size < 2) continue;
    const unnamed = (value) => /^[0-9a-f]{8}-/.test(value);
    const named = [...counts].filter(([value]) => !unnamed(value));
    const most = (named.length ? named : [...counts]).sort((a, b) => b[1] - a[1]).slice(0, FEW);
    const order = name === "severity" ? [...counts] : most;
    const group = element("span", { role: "group", "aria-label": title });
    for (const [value, count] of order) {
      const chip = element("button", { type: "button", className: "chip", textContent: `${value} ${count}` });
      chip.dataset.value = value;
      chip.dataset.name = name;
      chip.setAttribute("aria-pressed", "false");
      chip.addEventListener("click", () => {
        const set = chosen.get(name);
        if (!set.delete(value)) set.add(value);
        narrow();
        remember();
      });
      group.append(chip);
    }
    box.append(group);
  }
  box.append(said);
  box.hidden = !box.querySelector("button");
}

function narrow() {
  let shown = 0;
  for (const card of cards) {
    const fits = GROUPS.every(([name]) => {
      const set = chosen.get(name);
      return !set.size || values(card, name).some((value) => set.has(value));
    });
    card.hidden = !fits;
    shown += fits;
  }
  for (const chip of box.querySelectorAll(".chip")) {
    chip.setAttribute("aria-pressed", String(chosen.get(chip.dataset.name).has(chip.dataset.value)));
  }
  said.textContent = shown < cards.length ? `${shown} of ${cards.length} findings shown` : "";
}

function remember() {
  const query = new URLSearchParams();
  for (const [name, set] of chosen) for (const value of set) query.append(name, value);
  const text = query.toString();
  history.replaceState(null, "", text ? `#?${text}` : "#findings");
}

function recall() {
  if (!location.hash.startsWith("#?")) {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.closest(".card[hidden]")) {
      for (const set of chosen.values()) set.clear();
      narrow();
      target.dispatchEvent(new CustomEvent("go", { bubbles: true }));
    }
    return;
  }
  for (const set of chosen.values()) set.clear();
  for (const [name, value] of new URLSearchParams(location.hash.slice(2))) chosen.get(name)?.add(value);
  narrow();
}

if (cards.length > 1) {
  chips();
  addEventListener("hashchange", recall);
  recall();
}
