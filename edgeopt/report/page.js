"use strict";
// Sorts and filters the tables of candidates, and says what a point of the chart is while it
// is pointed at. The page is whole without this.

function byKey(key, sign) {
  return (a, b) => {
    const [x, y] = [a.dataset[key], b.dataset[key]];
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
    const [p, q] = [Number(x), Number(y)];
    return sign * (Number.isNaN(p) || Number.isNaN(q) ? x.localeCompare(y) : p - q);
  };
}

function makeSortable(table) {
  const heads = [...table.tHead.querySelectorAll("th[data-key]")];
  const body = table.tBodies[0];
  const sort = (head, up) => {
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...[...body.rows].sort(byKey(head.dataset.key, up ? 1 : -1)));
  };
  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head, head.getAttribute("aria-sort") !== "ascending"));
  }
  return { heads, sort };
}

function labelled(text, control, name) {
  const label = document.createElement("label");
  label.className = name;
  label.append(text, control);
  return label;
}

function choices(options) {
  const select = document.createElement("select");
  for (const [value, text] of options) select.add(new Option(text, value));
  return select;
}

function makeFilter(table, { heads, sort }) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 2) return;
  const words = document.createElement("input");
  words.type = "search";
  const kinds = (key) => [...new Set(rows.map((row) => row.dataset[key]))].sort();
  const runtime = choices([["", "all"], ...kinds("runtime").map((one) => [one, one])]);
  const precision = choices([["", "all"], ...kinds("precision").map((one) => [one, one])]);
  const within = document.createElement("input");
  within.type = "checkbox";
  const order = choices([["", "as ranked"], ...heads.map((head, i) => [i, head.textContent.trim()])]);
  const count = document.createElement("output");
  const show = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.dataset.name.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word))
        || (runtime.value !== "" && row.dataset.runtime !== runtime.value)
        || (precision.value !== "" && row.dataset.precision !== precision.value)
        || (within.checked && row.classList.contains("beyond"));
    }
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  for (const control of [words, runtime, precision, within]) control.addEventListener("input", show);
  order.addEventListener("input", () => {
    if (order.value !== "") sort(heads[Number(order.value)], true);
    else table.tBodies[0].append(...rows);
  });
  const tools = document.createElement("div");
  tools.className = "tools";
  tools.append(
    labelled("Find", words, "find"), labelled("Runtime", runtime, "runtime"),
    labelled("Precision", precision, "precision"), labelled("Sort by", order, "sort"),
    labelled("Within limits only", within, "within"), count,
  );
  show();
  table.parentElement.before(tools);
}

// A link to a row opens what it is folded in.
function unfold() {
  const row = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = row; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
}

function readOut(figure) {
  const line = figure.querySelector(".readout");
  for (const dot of figure.querySelectorAll(".dot")) {
    const tell = () => { line.textContent = dot.getAttribute("aria-label"); };
    dot.addEventListener("pointerenter", tell);
    dot.addEventListener("focus", tell);
  }
}

document.querySelectorAll("table.candidates").forEach((table) => makeFilter(table, makeSortable(table)));
addEventListener("hashchange", unfold);
unfold();
document.querySelectorAll("figure").forEach(readOut);
