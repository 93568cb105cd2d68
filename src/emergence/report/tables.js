// Tables of class "sortable" are sorted by the buttons in their headings: up, down, and back to the order of the page.
{
  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return text !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
  };

  const isNumber = (found) => typeof found === "number";
  const isUndefined = (found) => found === "–" || found === "";

  const compare = (first, second, sign) => {
    if (isUndefined(first) || isUndefined(second)) return isUndefined(first) - isUndefined(second);
    if (isNumber(first) && isNumber(second)) return sign * (first - second);
    return sign * String(first).localeCompare(String(second), "en", { numeric: true });
  };

  const sort = (body, original, column, order) => {
    const sign = order === "ascending" ? 1 : -1;
    const rows = [...original];
    if (order !== "none") rows.sort((a, b) => compare(value(a, column), value(b, column), sign));
    body.append(...rows);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const original = [...body.rows];
    if (original.length < 2) continue;
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const order = NEXT[heading.getAttribute("aria-sort")];
        for (const other of headings) other.setAttribute("aria-sort", "none");
        heading.setAttribute("aria-sort", order);
        sort(body, original, column, order);
      });
    });
  }
}
