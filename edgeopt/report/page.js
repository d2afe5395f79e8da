"use strict";
// Sorts the tables by their heads, and says what a point of the chart is while it is
// pointed at. The page is whole without this.

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
  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      body.append(...[...body.rows].sort(byKey(head.dataset.key, up ? 1 : -1)));
    });
  }
}

function readOut(figure) {
  const line = figure.querySelector(".readout");
  for (const dot of figure.querySelectorAll(".dot")) {
    const tell = () => { line.textContent = dot.getAttribute("aria-label"); };
    dot.addEventListener("pointerenter", tell);
    dot.addEventListener("focus", tell);
  }
}

document.querySelectorAll("table.candidates").forEach(makeSortable);
document.querySelectorAll("figure").forEach(readOut);
