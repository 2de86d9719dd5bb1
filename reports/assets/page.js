// Going to a place opens what it is folded in; copy buttons; keys.
const data = JSON.parse(document.querySelector("#data").textContent);

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && key !== "role") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function reveal(target) {
  for (let each = target; each; each = each.parentElement) {
    if (each instanceof HTMLDetailsElement) each.open = true;
  }
  const own = target.querySelector(":scope > details");
  if (own && target.tagName === "ARTICLE") own.open = true;
  target.scrollIntoView({ block: "start" });
  if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

function goToHash() {
  const name = decodeURIComponent(location.hash.slice(1));
  const target = name && !name.startsWith("?") && document.getElementById(name);
  if (target) reveal(target);
}

addEventListener("hashchange", goToHash);
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link && link.getAttribute("href") === location.hash) goToHash();
});
document.addEventListener("go", (event) => reveal(event.target));
goToHash();

// Files that are quoted lie packed in the page, in parts; they are unpacked where somebody looks.

const SHOWN = 200;
const BEFORE = 50;
const MOST_HITS = 500;

async function unpack(part) {
  const bytes = Uint8Array.from(atob(part.packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return (await new Response(stream).text()).split("\n");
}
const linesOf = (part) => (part.lines ??= unpack(part));

function viewerOf(box) {
  const marked = new Set(box.dataset.quoted.split(" ").map(Number));
  const parts = [...box.querySelectorAll("[data-packed]")].map(({ dataset }) => ({
    first: Number(dataset.first),
    count: Number(dataset.count),
    packed: dataset.packed,
  }));
  const total = parts.reduce((sum, part) => sum + part.count, 0);
  const button = (text) => element("button", { type: "button", textContent: text });
  const [earlier, later] = [button("◀ earlier"), button("later ▶")];
  const words = element("input", { type: "search", placeholder: "Only lines with", "aria-label": "Only lines with" });
  const said = element("span", { className: "meta", role: "status" });
  const code = element("code");
  const text = element("pre", { className: "excerpt", tabIndex: 0 }, code);
  let at = 0;
  let asked = 0;

  // The place of a line among all that are here, or of the first behind it.
  function placeOf(number) {
    let before = 0;
    for (const { first, count } of parts) {
      if (number < first + count) return before + Math.max(0, number - first);
      before += count;
    }
    return before;
  }

  function put(rows, numberOf) {
    code.replaceChildren();
    for (const [place, [number, line]] of rows.entries()) {
      const row = element(marked.has(number) ? "b" : "span", {}, numberOf(number), ` ${line}`);
      row.dataset.number = number;
      code.append(row, place + 1 < rows.length ? "\n" : "");
    }
  }

  async function show(place, number) {
    const mine = ++asked;
    at = Math.max(0, Math.min(place, total - 1));
    const rows = [];
    let before = 0;
    for (const part of parts) {
      const from = Math.max(at - before, 0);
      const to = Math.min(at + SHOWN - before, part.count);
      if (from < to) rows.push(...(await linesOf(part)).slice(from, to).map((line, n) => [part.first + from + n, line]));
      before += part.count;
    }
    if (mine !== asked) return;
    put(rows, (own) => element("i", { textContent: own }));
    said.textContent = `lines ${rows[0][0]} to ${rows.at(-1)[0]}`;
    earlier.disabled = at === 0;
    later.disabled = at + SHOWN >= total;
    const target = code.querySelector(`[data-number="${number}"]`);
    text.scrollTop = target ? target.offsetTop - text.offsetTop - text.clientHeight / 3 : 0;
  }

  function goTo(number) {
    words.value = "";
    return show(placeOf(number) - BEFORE, number);
  }

  async function linesWith(wanted, most) {
    const hits = [];
    for (const part of parts) {
      for (const [place, line] of (await linesOf(part)).entries()) {
        const low = line.toLowerCase();
        if (hits.length < most && wanted.every((word) => low.includes(word))) hits.push([part.first + place, line]);
      }
    }
    return hits;
  }

  async function narrow() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!wanted.length) return show(at);
    const mine = ++asked;
    const hits = await linesWith(wanted, MOST_HITS + 1);
    if (mine !== asked) return;
    put(hits.slice(0, MOST_HITS), (number) => {
      const link = button(number);
      link.addEventListener("click", () => goTo(number));
      return element("i", {}, link);
    });
    said.textContent = hits.length > MOST_HITS ? `the first ${MOST_HITS} lines with it` : hits.length === 1 ? "1 line with it" : `${hits.length} lines with it`;
    earlier.disabled = later.disabled = true;
  }

  earlier.addEventListener("click", () => show(at - SHOWN));
  later.addEventListener("click", () => show(at + SHOWN));
  let waiting = 0;
  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(narrow, 150);
  });
  function only(wanted) {
    words.value = wanted.join(" ");
    return narrow();
  }

  box.replaceChildren(element("p", { className: "bar-tools" }, earlier, later, words, said), text);
  return { goTo, linesWith, only, first: Math.min(...[...marked].filter((number) => number >= parts[0].first)) || parts[0].first };
}

const viewers = new Map();
function look(box, number) {
  if (!globalThis.DecompressionStream) return;
  const isNew = !viewers.has(box);
  if (isNew) viewers.set(box, viewerOf(box));
  const viewer = viewers.get(box);
  if (isNew || number) viewer.goTo(number || viewer.first);
}

for (const box of document.querySelectorAll(".packed")) {
  box.closest("details").addEventListener("toggle", () => look(box));
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  if (link) look(document.getElementById(link.hash.slice(1)), Number(link.dataset.line));
});
document.addEventListener("unpack", () => {
  for (const box of document.querySelectorAll(".packed")) look(box);
});
// The search asks which of the files have lines with its words, and goes to them.
document.addEventListener("look", ({ detail: { words, most, told } }) => {
  for (const [box, viewer] of viewers) viewer.linesWith(words, most).then((hits) => told(box, hits));
});
document.addEventListener("only", ({ target, detail }) => {
  reveal(target);
  viewers.get(target)?.only(detail);
});

// What a line of the story tells of, and what an object met, is lit in the pictures of time.

let lit = null;
function light(event) {
  const item = event.target.closest?.("[data-lights]") ?? null;
  if (item === lit) return;
  lit = item;
  const told = new Set(item ? item.dataset.lights.split(" ") : []);
  for (const mark of document.querySelectorAll("svg.strip-line [data-of]")) {
    mark.classList.toggle("lit", told.has(mark.dataset.of));
  }
  document.dispatchEvent(new CustomEvent("light", { detail: told }));
}
document.addEventListener("pointerover", light);
document.addEventListener("focusin", light);

// Copying

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { value: text, className: "aside" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function copyButton(word, text, label) {
  const button = element("button", { type: "button", className: "copy", textContent: word });
  if (label) button.setAttribute("aria-label", `${word}: ${label}`);
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const done = await copy(typeof text === "function" ? text() : text);
    button.textContent = done ? "copied" : "not allowed";
    setTimeout(() => (button.textContent = word), 1500);
  });
  return button;
}

const tidy = (node) => (node ? node.textContent.replace(/\s+/g, " ").trim() : "");

// Text that an element shows without the buttons in it.
function plain(node) {
  const own = node.cloneNode(true);
  for (const button of own.querySelectorAll("button")) button.remove();
  return tidy(own);
}

function linkTo(id) {
  return `${location.href.split("#")[0]}#${id}`;
}

function findingText(card) {
  const body = card.querySelector(".body");
  const quotes = [...card.querySelectorAll(".because > li")].map(
    (item) => `  ${plain(item.querySelector("p"))}\n    ${item.querySelector("pre code").textContent.trim()}`,
  );
  return [
    `${plain(card.querySelector(".badge"))}: ${plain(card.querySelector("h3"))} (${plain(card.querySelector(".sure"))})`,
    plain(body.querySelector(".detail")),
    ...[...body.querySelectorAll(".subjects > li")].map((item) => `- ${plain(item)}`),
    "Because:",
    ...quotes,
    plain(body.querySelector(".permalink")),
  ].join("\n");
}

function addCopyButtons() {
  for (const code of document.querySelectorAll("code.command")) {
    code.after(copyButton("copy", code.textContent, code.textContent.slice(0, 60)));
  }
  for (const block of document.querySelectorAll("pre.commands, pre.line, .quote > pre")) {
    const what = block.matches(".commands") ? "the commands" : "this line";
    const text = block.querySelector("code").textContent;
    block.classList.add("with-copy");
    block.append(copyButton("copy", text, what));
  }
  for (const card of document.querySelectorAll("#findings .card")) {
    const link = card.querySelector(".permalink");
    link.after(
      " ",
      copyButton("copy link", () => linkTo(link.dataset.lasting), link.textContent),
      " ",
      copyButton("copy as text", () => findingText(card), link.textContent),
    );
  }
}

addCopyButtons();
const tools = document.querySelector("#tools");
tools.append(copyButton("Copy for ticket", data.ticket));
tools.hidden = false;
