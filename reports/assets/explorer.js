// The timeline on a canvas: zoom, pan, select. It draws what the picture under it draws, and lists
// what is selected. Points that fall on one place are one mark, of the worst among them.
const data = JSON.parse(document.querySelector("#data").textContent);
const ROW = 22;
const TOP = 24;
const MINI = 30;
const CELL = 9; // pixels that marks are put together over
const LEAST = 1000; // no closer than one second
const MOST_LISTED = 200;
const KINDS = ["context", "info", "warning", "error", "critical"];
const MINUTE = 60_000;
const MONTH = new Intl.DateTimeFormat("en", { month: "short", timeZone: "UTC" });
const STEPS = [1, 5, 15, 60, 300, 900, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000];

const marks = data.marks;
const count = marks.t.length;
const times = new Float64Array(count);
for (let i = 0, at = 0; i < count; i++) times[i] = at += marks.t[i];
const kindOf = Uint8Array.from(marks.kind);
const doubts = new Map(marks.doubt.map(([number, first, last]) => [number, [first, last]]));
const lanes = data.lanes.map(([host, name]) => ({ host, name, points: [], bars: [], holes: [], spans: [] }));
for (let i = 0; i < count; i++) lanes[marks.lane[i]].points.push(i);
for (const lane of lanes) lane.points = Uint32Array.from(lane.points);
for (const [lane, ...bar] of data.bars) lanes[lane].bars.push(bar);
for (const [lane, ...hole] of data.holes) lanes[lane].holes.push(hole);
for (const span of data.spans) lanes[span[0]].spans.push(span);

function extent() {
  let first = Infinity;
  let last = -Infinity;
  const widen = (a, b) => {
    first = Math.min(first, a);
    last = Math.max(last, b);
  };
  if (count) widen(times[0], times[count - 1]);
  for (const [, a, b] of data.bars) widen(a, b);
  for (const span of data.spans) widen(span[1], span[4]);
  const margin = Math.max((last - first) / 50, 30_000);
  return [first - margin, last + margin];
}

const [FIRST, LAST] = extent();
let view = [FIRST, LAST];
let selection = null;
let zone = { name: "UTC", east: () => 0 };
let lit = new Uint8Array(0); // by label: whether what is looked at elsewhere tells of it
let litPoints = [];
let colours = {};
let width = 0;
let height = 0;
let left = 0;

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && key !== "role") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const box = document.querySelector("#explorer");
const canvas = element("canvas", {
  tabIndex: 0,
  role: "application",
  "aria-label": "Timeline. Arrow keys move, plus and minus zoom, Home shows all, n and p go from finding to finding, Enter lists what is in view.",
});
const bar = element("div", { className: "bar-tools" });
const tip = element("div", { className: "tip", hidden: true });
const list = element("div", { className: "listed" });
const frame = element("div", { className: "frame" }, canvas, tip);
const pen = canvas.getContext("2d");

// Drawing

const x = (at) => left + ((at - view[0]) / (view[1] - view[0])) * (width - left);
const timeAt = (px) => view[0] + ((px - left) / (width - left)) * (view[1] - view[0]);

function lower(points, at) {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[points[middle]] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The marks of a lane in view, by cell: the worst kind, how many, the first of the worst.
function cells(lane, from, to, plot) {
  const size = Math.ceil(plot / CELL) + 1;
  const worst = new Int8Array(size).fill(-1);
  const number = new Uint32Array(size);
  const first = new Uint32Array(size);
  const { points } = lane;
  const begin = lower(points, from);
  const end = lower(points, to);
  const scale = plot / (to - from) / CELL;
  for (let place = begin; place < end; place++) {
    const point = points[place];
    const cell = ((times[point] - from) * scale) | 0;
    number[cell]++;
    if (kindOf[point] > worst[cell]) {
      worst[cell] = kindOf[point];
      first[cell] = point;
    }
  }
  return { worst, number, first };
}

function shape(kind, px, py) {
  switch (kind) {
    case 4:
      pen.moveTo(px - 3.5, py - 7);
      for (const [dx, dy] of [[3.5, -7], [7, -3.5], [7, 3.5], [3.5, 7], [-3.5, 7], [-7, 3.5], [-7, -3.5]]) {
        pen.lineTo(px + dx, py + dy);
      }
      pen.closePath();
      break;
    case 3:
      pen.rect(px - 6.5, py - 6.5, 13, 13);
      break;
    case 2:
      pen.moveTo(px, py - 8);
      pen.lineTo(px + 8, py + 6.5);
      pen.lineTo(px - 8, py + 6.5);
      pen.closePath();
      break;
    case 1:
      pen.moveTo(px + 6.5, py);
      pen.arc(px, py, 6.5, 0, 7);
      break;
    default:
      pen.rect(px - 1, py - 7, 2, 14);
  }
}

function drawBars(lane, y) {
  pen.fillStyle = colours.bar;
  for (const [a, b] of lane.bars) block(a, b, y + 4, ROW - 8);
  for (const [a, b] of lane.holes) {
    pen.fillStyle = colours.bg;
    block(a, b, y + 4, ROW - 8);
    pen.strokeStyle = colours.unsure;
    pen.setLineDash([3, 2]);
    const [begin, end] = [Math.max(x(a), left), Math.min(x(b), width)];
    if (end > begin) pen.strokeRect(begin + 0.5, y + 4.5, Math.max(end - begin - 1, 2), ROW - 9);
    pen.setLineDash([]);
  }
}

function block(a, b, y, tall, least = 1) {
  if (b < view[0] || a > view[1]) return false;
  const begin = Math.max(x(a), left);
  pen.fillRect(begin, y, Math.max(Math.min(x(b), width) - begin, least), tall);
  return true;
}

const SPANS = { incident: "unsure", backup: "info", session: "warning", attached: "hatch", snapshot: "context", coalesce: "clear" };

// Spans that overlap lie in rows of their own inside the lane, as many as can be told apart.
const MOST_LEVELS = 4;
for (const lane of lanes) {
  const ends = [];
  lane.spans.sort((a, b) => a[1] - b[1]);
  lane.levels = lane.spans.map(([, early, , , late]) => {
    let level = ends.findIndex((end) => end <= early);
    if (level < 0) level = ends.length < MOST_LEVELS ? ends.length : ends.indexOf(Math.min(...ends));
    ends[level] = Math.max(late, ends[level] ?? 0);
    return level;
  });
  lane.tall = (ROW - 6) / Math.max(ends.length, 1);
}

function drawSpans(lane, y) {
  const texts = [];
  let free = left;
  lane.spans.forEach(([, early, begun, ending, late, kind, words], number) => {
    if (late < view[0] || early > view[1]) return;
    const top = y + 3 + lane.levels[number] * lane.tall;
    const tall = Math.max(lane.tall - 1, 2);
    pen.fillStyle = colours.ink;
    if (late - early > ending - begun) block(early, late, top + tall / 2 - 0.5, 1);
    pen.fillStyle = colours[SPANS[data.labels[kind]]];
    block(begun <= ending ? begun : early, begun <= ending ? ending : late, top, tall, 2);
    if (lane.tall > 12) texts.push([x(late), data.labels[words], x(early)]);
  });
  texts.slice(0, 200).forEach(([end, text], number) => {
    free = label(text, end + 5, y, free, texts[number + 1]?.[2] ?? width);
  });
}

// A text where it has room; where the next one may begin.
function label(text, px, y, free, end = width, more = "") {
  const short = `${text.length > 44 ? `${text.slice(0, 43)}…` : text}${more}`;
  const room = pen.measureText(short).width;
  if (px < free || px < left || px + room > end) return free;
  pen.textAlign = "left";
  pen.lineWidth = 3;
  pen.strokeStyle = colours.bg;
  pen.strokeText(short, px, y + ROW / 2);
  pen.fillStyle = colours.ink;
  pen.fillText(short, px, y + ROW / 2);
  pen.lineWidth = 1;
  return px + room + 6;
}

function labelMarks(found) {
  found.forEach((own, row) => {
    if (!own) return;
    const places = [];
    for (let cell = 0; cell < own.worst.length; cell++) if (own.worst[cell] >= 0) places.push(cell);
    if (places.length > 40) return;
    places.forEach((cell, number) => {
      const next = places[number + 1];
      const end = next === undefined ? width : left + next * CELL - 2;
      const i = own.first[cell];
      const more = own.number[cell] > 1 ? ` ×${own.number[cell]}` : "";
      label(data.labels[marks.label[i]], x(times[i]) + 12, TOP + row * ROW, left, end, more);
    });
  });
}

// All lanes are put together first, then drawn kind by kind: the worst lies on top.
function drawMarks() {
  const plot = width - left;
  const found = lanes.map((lane) => (lane.points.length ? cells(lane, view[0], view[1], plot) : null));
  pen.strokeStyle = colours.ink;
  pen.lineWidth = 1;
  if (doubts.size < 2000) {
    pen.beginPath();
    for (const [number, [first, last]] of doubts) {
      const [a, b] = [x(first), x(last)];
      if (b - a < CELL || b < left || a > width) continue;
      const y = TOP + marks.lane[number] * ROW + ROW / 2;
      pen.moveTo(Math.max(a, left), y);
      pen.lineTo(Math.min(b, width), y);
    }
    pen.stroke();
  }
  for (let kind = 0; kind < KINDS.length; kind++) {
    pen.beginPath();
    found.forEach((own, row) => {
      if (!own) return;
      const y = TOP + row * ROW + ROW / 2;
      for (let cell = 0; cell < own.worst.length; cell++) {
        if (own.worst[cell] === kind) shape(kind, x(times[own.first[cell]]), y);
      }
    });
    pen.fillStyle = colours[KINDS[kind]];
    pen.fill();
    if (kind) {
      pen.strokeStyle = colours.bg;
      pen.stroke();
    }
  }
  labelMarks(found);
}

// What somebody looks at elsewhere on the page: rings around its marks, frames around its spans.
function drawLit() {
  if (!lit.length) return;
  pen.strokeStyle = colours.link;
  pen.lineWidth = 2;
  pen.beginPath();
  let last = [];
  for (const i of litPoints) {
    const px = x(times[i]);
    if (px < left || px > width || px - (last[marks.lane[i]] ?? -CELL) < 1) continue;
    last[marks.lane[i]] = px;
    const py = TOP + marks.lane[i] * ROW + ROW / 2;
    pen.moveTo(px + 10, py);
    pen.arc(px, py, 10, 0, 7);
  }
  lanes.forEach((lane, row) => {
    lane.spans.forEach(([, early, , , late, , , of], number) => {
      if (!lit[of] || late < view[0] || early > view[1]) return;
      const begin = Math.max(x(early), left);
      const top = TOP + row * ROW + 3 + lane.levels[number] * lane.tall;
      pen.rect(begin - 1, top - 1, Math.max(Math.min(x(late), width) - begin, 2) + 2, lane.tall + 1);
    });
  });
  pen.stroke();
  pen.lineWidth = 1;
}

function light(told) {
  lit = Uint8Array.from(told.size ? data.labels : [], (label) => told.has(label));
  litPoints = [];
  for (let i = 0; i < count && lit.length; i++) if (lit[marks.of[i]]) litPoints.push(i);
  for (const [i, of] of marks.also) if (lit[of]) litPoints.push(i);
  canvas.dataset.lit = litPoints.length + data.spans.filter((span) => lit[span[7]]).length;
  redraw();
}

function drawAxis() {
  const span = view[1] - view[0];
  const step = (STEPS.find((each) => span / (each * 1000) <= (width - left) / 110) ?? STEPS.at(-1)) * 1000;
  const east = zone.east(data.base + view[0]) * MINUTE;
  pen.strokeStyle = colours.line;
  pen.fillStyle = colours.muted;
  pen.textAlign = "center";
  let dated = false;
  for (let at = Math.ceil((data.base + view[0] + east) / step) * step - east - data.base; at <= view[1]; at += step) {
    const px = Math.round(x(at)) + 0.5;
    pen.beginPath();
    pen.moveTo(px, TOP - 5);
    pen.lineTo(px, height - MINI);
    pen.stroke();
    const date = new Date(data.base + at + east), own = date.toISOString();
    const midnight = own.slice(11, 19) === "00:00:00";
    const clock = step < MINUTE ? own.slice(11, 19) : own.slice(11, 16);
    const day = `${date.getUTCDate()} ${MONTH.format(date)}`;
    pen.fillText(step >= 86_400_000 ? day : dated && !midnight ? clock : `${day} ${clock}`, px, 10);
    dated = true;
  }
}

function drawMini() {
  const y = height - MINI + 6;
  const tall = MINI - 8;
  const place = (at) => left + ((at - FIRST) / (LAST - FIRST)) * (width - left);
  pen.fillStyle = colours.code;
  pen.fillRect(left, y, width - left, tall);
  pen.drawImage(mini, left, y, width - left, tall);
  const [a, b] = [place(view[0]), place(view[1])];
  pen.strokeStyle = colours.link;
  pen.lineWidth = 2;
  pen.strokeRect(a, y, Math.max(b - a, 4), tall);
  pen.lineWidth = 1;
}

// How many marks there are over all the time, and where the bad ones are; drawn once.
const mini = document.createElement("canvas");
function drawMiniOnce() {
  const plot = Math.max(1, Math.round(width - left));
  mini.width = plot;
  mini.height = 22;
  const ink = mini.getContext("2d");
  const number = new Uint32Array(plot);
  const worst = new Int8Array(plot).fill(-1);
  for (let i = 0; i < count; i++) {
    const column = Math.min(plot - 1, (((times[i] - FIRST) / (LAST - FIRST)) * plot) | 0);
    number[column]++;
    if (kindOf[i] > worst[column]) worst[column] = kindOf[i];
  }
  let most = 1;
  for (const each of number) most = Math.max(most, each);
  for (let column = 0; column < plot; column++) {
    if (worst[column] < 0) continue;
    const tall = Math.max(3, (Math.log1p(number[column]) / Math.log1p(most)) * 22);
    ink.fillStyle = colours[KINDS[worst[column]]];
    ink.fillRect(column, 22 - tall, worst[column] ? 2 : 1, tall);
  }
}

function draw() {
  performance.mark("explorer-begin");
  pen.clearRect(0, 0, width, height);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.lineWidth = 1;
  drawAxis();
  pen.save();
  pen.beginPath();
  pen.rect(left, 0, width - left, height - MINI);
  pen.clip();
  lanes.forEach((lane, row) => {
    const y = TOP + row * ROW;
    if (lane.bars.length || lane.holes.length) drawBars(lane, y);
    if (lane.spans.length) drawSpans(lane, y);
  });
  drawMarks();
  drawLit();
  if (selection) {
    pen.fillStyle = colours.link;
    pen.globalAlpha = 0.15;
    block(Math.min(...selection), Math.max(...selection), TOP - 5, height - MINI - TOP + 5, 2);
    pen.globalAlpha = 1;
  }
  pen.restore();
  pen.textAlign = "right";
  lanes.forEach((lane, row) => {
    pen.fillStyle = colours.ink;
    const named = left < 120 ? lane.name.slice(0, 14) : `${lane.host.slice(0, 12)} ${lane.name.slice(0, 14)}`;
    pen.fillText(named, left - 8, TOP + row * ROW + ROW / 2);
  });
  drawMini();
  performance.measure("explorer-frame", "explorer-begin");
}

let asked = 0;
function redraw() {
  if (!asked) {
    asked = requestAnimationFrame(() => {
      asked = 0;
      draw();
    });
  }
}

function layout() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ink", "muted", "line", "bg", "panel", "code", "bar", "hatch", "link", "unsure", "clear", ...KINDS]) {
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
  const ratio = devicePixelRatio || 1;
  width = frame.clientWidth;
  height = TOP + lanes.length * ROW + MINI;
  left = width < 600 ? 92 : 176;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawMiniOnce();
  draw();
}

// Moving

function show(from, to) {
  let span = Math.min(Math.max(to - from, LEAST), LAST - FIRST);
  const start = Math.min(Math.max(from, FIRST), LAST - span);
  view = [start, start + span];
  redraw();
}

function zoom(factor, px = (left + width) / 2) {
  const at = timeAt(px);
  show(at - (at - view[0]) * factor, at + (view[1] - at) * factor);
}

function pan(part) {
  const by = (view[1] - view[0]) * part;
  show(view[0] + by, view[1] + by);
}

const findings = [];
for (let i = 0; i < count; i++) if (kindOf[i]) findings.push(i);

function aroundFindings() {
  if (!findings.length) return show(FIRST, LAST);
  const [a, b] = [times[findings[0]], times[findings.at(-1)]];
  const margin = Math.max((b - a) / 12, 15 * MINUTE);
  return show(a - margin, b + margin);
}

function step(by) {
  if (!findings.length) return;
  const middle = (view[0] + view[1]) / 2;
  const span = view[1] - view[0];
  const next = by > 0 ? findings.find((i) => times[i] > middle + span / 1000) : findings.findLast((i) => times[i] < middle - span / 1000);
  const found = next ?? (by > 0 ? findings[0] : findings.at(-1));
  const half = Math.min(span, 2 * 60 * MINUTE) / 2;
  show(times[found] - half, times[found] + half);
  choose(times[found] - half / 40, times[found] + half / 40);
}

// What is selected

function stamp(at) {
  const text = `${new Date(data.base + at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return element("time", { className: "when", dateTime: new Date(data.base + at).toISOString(), textContent: text });
}

function link(text, of) {
  const id = data.anchors[of] ?? of;
  return id && document.getElementById(id) ? element("a", { href: `#${id}`, textContent: text }) : text;
}

function choose(from, to) {
  selection = from === null ? null : [Math.min(from, to), Math.max(from, to)];
  redraw();
  list.replaceChildren();
  if (!selection) return;
  const rows = [];
  for (const span of data.spans) {
    const [row, early, , , late, , words, of] = span;
    if (late >= selection[0] && early <= selection[1]) rows.push([early, late, row, data.labels[words], data.labels[of], "", 0]);
  }
  for (const lane of lanes) {
    const end = lower(lane.points, selection[1] + 1);
    for (let place = lower(lane.points, selection[0]); place < end && rows.length < 20_000; place++) {
      const i = lane.points[place];
      rows.push([times[i], times[i], marks.lane[i], data.labels[marks.label[i]], data.labels[marks.of[i]], i, kindOf[i]]);
    }
  }
  rows.sort((a, b) => a[0] - b[0]);
  list.append(table(rows));
  list.dispatchEvent(new CustomEvent("told", { bubbles: true }));
}

function command() {
  const iso = (at) => new Date(data.base + at).toISOString().slice(0, 19) + "Z";
  return `cbtriage timeline --from ${iso(selection[0])} --to ${iso(selection[1] + 999)} ${data.bundles}`;
}

function table(rows) {
  const body = element("tbody");
  for (const [first, last, row, words, of, i, kind] of rows.slice(0, MOST_LISTED)) {
    const [member, prefix] = i === "" ? ["", ""] : data.members[marks.member[i]];
    const place = i === "" ? "" : `${member}${marks.line[i] ? `:${marks.line[i]}` : ""}`;
    const what = element("td", {}, link(words, of));
    if (kind) what.prepend(element("span", { className: `badge ${KINDS[kind]}`, textContent: KINDS[kind].toUpperCase() }), " ");
    body.append(
      element(
        "tr",
        {},
        element("td", {}, stamp(first), ...(last > first ? [" to ", stamp(last)] : [])),
        element("td", { textContent: `${lanes[row].host} ${lanes[row].name}` }),
        what,
        element("td", {}, i === "" ? "" : link(place, `${prefix}:${marks.line[i]}`)),
      ),
    );
  }
  const cut = rows.length > MOST_LISTED ? `, the first ${MOST_LISTED}` : "";
  const caption = element("caption", { textContent: `Selected: ${rows.length} ${rows.length === 1 ? "entry" : "entries"}${cut}` });
  const heads = ["Time", "Where", "What", "Line"].map((text) => element("th", { scope: "col", textContent: text }));
  const made = element("table", {}, caption, element("thead", {}, element("tr", {}, ...heads)), body);
  const same = element("p", { className: "meta" }, "All lines of it: ", element("code", { className: "command", textContent: command() }));
  return element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Selected entries" }, made, same);
}

function under(px, py) {
  const row = Math.floor((py - TOP) / ROW);
  const lane = lanes[row];
  if (!lane || px < left) return null;
  const near = ((view[1] - view[0]) / (width - left)) * CELL;
  const at = timeAt(px);
  const end = lower(lane.points, at + near);
  let best = null;
  let number = 0;
  for (let place = lower(lane.points, at - near); place < end; place++) {
    const i = lane.points[place];
    number++;
    if (best === null || kindOf[i] > kindOf[best]) best = i;
  }
  if (best !== null) {
    const more = number > 1 ? ` (and ${number - 1} more here)` : "";
    return { from: at - near, to: at + near, at: times[best], text: data.labels[marks.label[best]] + more };
  }
  const span = lane.spans.find(([, early, , , late]) => early - near <= at && late + near >= at);
  return span ? { from: span[1], to: span[4], at: span[1], until: span[4], text: data.labels[span[6]] } : null;
}

function hover(event) {
  const found = under(event.offsetX, event.offsetY);
  canvas.classList.toggle("over", Boolean(found));
  tip.hidden = !found;
  if (!found) return;
  tip.replaceChildren(stamp(found.at), ...(found.until > found.at ? [" to ", stamp(found.until)] : []), " ", found.text);
  tip.dispatchEvent(new CustomEvent("told", { bubbles: true }));
  place(event.offsetX, event.offsetY);
}

function place(px, py) {
  const leftwards = px > width * 0.6;
  tip.style.top = `${py + 14}px`;
  tip.style.left = leftwards ? "auto" : `${px + 12}px`;
  tip.style.right = leftwards ? `${width - px + 12}px` : "auto";
}

// Pointers: drag moves, with Shift or on the axis it selects; two fingers zoom.
const pointers = new Map();
let drag = null;

canvas.addEventListener("pointerdown", (event) => {
  pointers.set(event.pointerId, event.offsetX);
  canvas.setPointerCapture(event.pointerId);
  const onMini = event.offsetY > height - MINI;
  const selecting = event.shiftKey || event.offsetY < TOP;
  drag = { from: event.offsetX, at: timeAt(event.offsetX), view: [...view], onMini, selecting, moved: false, y: event.offsetY };
  if (onMini) jump(event.offsetX);
});
function jump(px) {
  const at = FIRST + ((px - left) / (width - left)) * (LAST - FIRST);
  const half = (view[1] - view[0]) / 2;
  show(at - half, at + half);
}
canvas.addEventListener("pointermove", (event) => {
  if (!pointers.has(event.pointerId) || !drag) return hover(event);
  if (pointers.size === 2) {
    const before = spread();
    pointers.set(event.pointerId, event.offsetX);
    const after = spread();
    if (after > 8) zoom(before / after, [...pointers.values()].reduce((a, b) => a + b) / 2);
    drag.moved = true;
    return;
  }
  pointers.set(event.pointerId, event.offsetX);
  if (Math.abs(event.offsetX - drag.from) > 3) drag.moved = true;
  if (!drag.moved) return;
  if (drag.onMini) jump(event.offsetX);
  else if (drag.selecting) {
    selection = [drag.at, timeAt(event.offsetX)];
    redraw();
  } else {
    const by = ((drag.from - event.offsetX) / (width - left)) * (view[1] - view[0]);
    show(drag.view[0] + by, drag.view[1] + by);
  }
});
const spread = () => {
  const [a, b] = [...pointers.values()];
  return Math.abs(a - b);
};
function lift(event) {
  pointers.delete(event.pointerId);
  if (!drag || pointers.size) return;
  if (drag.selecting && drag.moved) choose(drag.at, timeAt(event.offsetX));
  else if (!drag.moved && !drag.onMini) {
    const found = under(event.offsetX, event.offsetY);
    choose(found ? found.from : null, found ? found.to : null);
  }
  drag = null;
}
canvas.addEventListener("pointerup", lift);
canvas.addEventListener("pointercancel", lift);
canvas.addEventListener("pointerleave", () => (tip.hidden = true));
canvas.addEventListener("dblclick", (event) => zoom(0.4, event.offsetX));
canvas.addEventListener(
  "wheel",
  (event) => {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!sideways && document.activeElement !== canvas && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    if (sideways) pan(event.deltaX / 1000);
    else zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY)) / 300), event.offsetX);
  },
  { passive: false },
);
const KEYS = {
  "+": () => zoom(0.6),
  "=": () => zoom(0.6),
  "-": () => zoom(1 / 0.6),
  ArrowLeft: () => pan(-0.2),
  ArrowRight: () => pan(0.2),
  Home: () => show(FIRST, LAST),
  f: aroundFindings,
  n: () => step(1),
  p: () => step(-1),
  Enter: () => choose(...view),
  Escape: () => (selection ? choose(null, null) : show(FIRST, LAST)),
};
canvas.addEventListener("keydown", (event) => {
  const act = !event.ctrlKey && !event.metaKey && !event.altKey && KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

function button(text, label, act) {
  const made = element("button", { type: "button", textContent: text, "aria-label": label });
  made.addEventListener("click", act);
  return made;
}

if (lanes.length && FIRST < LAST) {
  bar.append(
    button("All", "Show all the time", () => show(FIRST, LAST)),
    button("Findings", "Show the time of the findings", aroundFindings),
    button("−", "Zoom out", () => zoom(1 / 0.6)),
    button("+", "Zoom in", () => zoom(0.6)),
    button("‹", "Previous finding", () => step(-1)),
    button("›", "Next finding", () => step(1)),
    button("List", "List what is in view", () => choose(...view)),
    element("span", { className: "meta", textContent: "drag moves, Shift and drag selects, wheel zooms once clicked" }),
  );
  box.append(bar, frame, list);
  box.hidden = false;
  document.documentElement.classList.add("explored");
  new ResizeObserver(() => {
    if (frame.clientWidth && frame.clientWidth !== width) {
      layout();
    }
  }).observe(frame);
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", layout);
  }
  document.addEventListener("light", (event) => light(event.detail));
  document.addEventListener("zone", (event) => {
    zone = event.detail;
    redraw();
  });
  layout();
  aroundFindings();
}
