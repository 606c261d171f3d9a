"use strict";
// Tables are sorted by a click on a head, and searched; figures tell what a pointer is on.

function key(row, column) {
  const cell = row.cells[column];
  if (!("key" in cell.dataset)) return cell.textContent;
  return cell.dataset.key === "" ? null : Number(cell.dataset.key);
}

function compare(first, second) {
  if (typeof first === "number" && typeof second === "number") return first - second;
  return String(first).localeCompare(String(second), "en", { numeric: true });
}

function sort(table, column) {
  const heads = [...table.tHead.rows[0].cells];
  const head = heads[column];
  const numeric = head.classList.contains("number");
  const before = head.getAttribute("aria-sort");
  // Of numbers the largest come first, of names the first letters.
  const descending = before ? before === "ascending" : numeric;
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => [key(row, column), row]);
  rows.sort(([first], [second]) => {
    if (first === null || second === null) return (first === null) - (second === null);
    return descending ? compare(second, first) : compare(first, second);
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function search(block, field, output) {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...block.querySelectorAll("tbody tr")];
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  const all = rows.length.toLocaleString("en");
  const some = `${shown.toLocaleString("en")} of ${all} lines`;
  output.textContent = words.length ? some : `${all} lines`;
}

for (const block of document.querySelectorAll(".table")) {
  const table = block.querySelector("table");
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    head.firstChild.addEventListener("click", () => sort(table, column));
  }
  for (const cell of block.querySelectorAll("tbody td:first-child")) cell.title = cell.textContent;
  const field = block.querySelector("input");
  if (field) field.addEventListener("input", () => search(block, field, block.querySelector("output")));
}

const told = document.getElementById("told");

function tell(mark, x, y) {
  told.textContent = mark.dataset.told;
  told.hidden = false;
  const box = told.getBoundingClientRect();
  const left = Math.min(x + 14, document.documentElement.clientWidth - box.width - 6);
  told.style.left = `${Math.max(6, left)}px`;
  told.style.top = `${y + 14 + box.height > window.innerHeight ? y - box.height - 10 : y + 14}px`;
}

for (const mark of document.querySelectorAll("[data-told]")) {
  const title = mark.querySelector("title");
  if (title) title.remove(); // which the browser would show, too
  mark.setAttribute("aria-label", mark.dataset.told);
  mark.addEventListener("pointermove", (event) => tell(mark, event.clientX, event.clientY));
  mark.addEventListener("pointerleave", () => { told.hidden = true; });
  mark.addEventListener("focus", () => {
    const box = mark.getBoundingClientRect();
    tell(mark, box.left + box.width / 2, box.top);
  });
  mark.addEventListener("blur", () => { told.hidden = true; });
}
