// Every time of the page is a <time>; here they are read in another zone. UTC is what was written.
const data = JSON.parse(document.querySelector("#data").textContent);
const MINUTE = 60_000;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
// "2024-11-22 03:27:04", "22 Nov 03:27", "22 Nov 2023 03:27", "11-22 03:27", or a time alone, of
// the day before it
const STAMP =
  /(?:(\d{4})-(\d\d)-(\d\d) |(\d{1,2}) ([A-Z][a-z]{2}) (?:(\d{4}) )?|(\d\d)-(\d\d) )?(\d\d):(\d\d)(?::(\d\d))?/g;
const written = new WeakMap();
let zone = { name: "UTC", east: () => 0 };

const two = (number) => String(number).padStart(2, "0");

function label(minutes) {
  if (zone.name === "UTC") return "UTC";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

// The instants that a text of ours names, one after the other.
function shift(text, instant) {
  const base = new Date(instant);
  let day = Date.UTC(base.getUTCFullYear(), base.getUTCMonth(), base.getUTCDate());
  let before = null;
  let told = null;
  let form = null;
  let minutes = 0;
  const moved = text.replace(STAMP, (whole, year, month, date, d, name, named, m, dd, hour, min, sec) => {
    if (year) day = Date.UTC(+year, month - 1, +date);
    else if (named) day = Date.UTC(+named, MONTHS.indexOf(name), +d);
    else if (name) day = near(instant, MONTHS.indexOf(name), +d);
    else if (m) day = near(instant, m - 1, +dd);
    form = year ? "long" : named ? "named" : name ? "short" : m ? "numbers" : form;
    let at = day + hour * 60 * MINUTE + min * MINUTE + (sec ? sec * 1000 : 0);
    const dated = Boolean(year || name || m);
    if (!dated && before !== null && at < before) at += 24 * 60 * MINUTE;
    before = at;
    minutes = zone.east(at);
    const own = new Date(at + minutes * MINUTE);
    const clock = `${two(own.getUTCHours())}:${two(own.getUTCMinutes())}${sec ? `:${two(own.getUTCSeconds())}` : ""}`;
    const date2 = dayText(own, form);
    const shown = dated || date2 !== told ? (form ? `${date2} ${clock}` : clock) : clock;
    told = date2;
    return shown;
  });
  return moved.replace(/\bUTC\b/, label(minutes));
}

function near(instant, month, date) {
  const year = new Date(instant).getUTCFullYear();
  const days = [year - 1, year, year + 1].map((each) => Date.UTC(each, month, date));
  return days.reduce((a, b) => (Math.abs(a - instant) <= Math.abs(b - instant) ? a : b));
}

function dayText(own, form) {
  const [year, month, date] = [own.getUTCFullYear(), own.getUTCMonth(), own.getUTCDate()];
  if (form === "short") return `${date} ${MONTHS[month]}`;
  if (form === "named") return `${date} ${MONTHS[month]} ${year}`;
  if (form === "numbers") return `${two(month + 1)}-${two(date)}`;
  return `${year}-${two(month + 1)}-${two(date)}`;
}

function rewrite(root) {
  for (const each of root.querySelectorAll("time[datetime], [data-time]")) {
    if (!written.has(each)) written.set(each, each.textContent);
    const text = written.get(each);
    const shown = zone.name === "UTC" ? text : shift(text, Date.parse(each.dateTime ?? each.dataset.time));
    if (each.textContent !== shown) each.textContent = shown;
    if (each.dateTime) each.title = zone.name === "UTC" ? "" : text;
  }
}

function zones() {
  const found = [{ name: "UTC", east: () => 0 }];
  const rules = new Map();
  for (const [host, minutes, changes] of data.zones) {
    const key = JSON.stringify([minutes, changes]);
    if (!rules.has(key)) rules.set(key, { hosts: [], minutes, changes });
    rules.get(key).hosts.push(host);
  }
  for (const { hosts, minutes, changes } of rules.values()) {
    const east = (at) => changes.reduce((sum, [since, by]) => (at < since ? sum - by : sum), minutes);
    const more = hosts.length > 1 ? ` and ${hosts.length - 1} more` : "";
    found.push({ name: `time of ${hosts[0].slice(0, 24)}${more}`, east });
  }
  found.push({ name: "my time", east: (at) => -new Date(at).getTimezoneOffset() });
  return found;
}

const known = zones();
const select = document.createElement("select");
select.setAttribute("aria-label", "Time zone");
for (const each of known) select.append(new Option(each.name));
select.addEventListener("change", () => {
  zone = known[select.selectedIndex];
  rewrite(document);
  const detail = { name: zone.name, east: zone.east };
  document.dispatchEvent(new CustomEvent("zone", { detail }));
});
document.addEventListener("told", (event) => rewrite(event.target));
document.querySelector("#tools").prepend(select);
