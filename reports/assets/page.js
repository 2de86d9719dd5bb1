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

// Lines around what is quoted lie packed in the page; they are unpacked where somebody looks.

async function unpack(box) {
  const { packed, first, quoted } = box.dataset;
  if (!packed || !globalThis.DecompressionStream) return;
  delete box.dataset.packed;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const lines = (await new Response(stream).text()).split("\n");
  const marked = new Set(quoted.split(" ").map(Number));
  const code = element("code");
  for (const [place, text] of lines.entries()) {
    const number = Number(first) + place;
    const parts = [element("i", { textContent: number }), ` ${text}`];
    code.append(...(marked.has(number) ? [element("b", {}, ...parts)] : parts), place + 1 < lines.length ? "\n" : "");
  }
  box.replaceChildren(element("pre", { className: "excerpt", tabIndex: 0 }, code));
}

for (const box of document.querySelectorAll("[data-packed]")) {
  box.closest("details").addEventListener("toggle", () => unpack(box));
}
document.addEventListener("unpack", () => {
  for (const box of document.querySelectorAll("[data-packed]")) unpack(box);
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
