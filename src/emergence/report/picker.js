// Shows the verdicts and effects of the table of claims at the choices that are picked.
{
  const form = document.getElementById("picker");
  const { verdicts, signs, choices, reference, claims } = JSON.parse(form.querySelector("script").textContent);
  const status = form.querySelector("[role=status]");
  const COLUMNS = [1, 2, 4]; // verdict, effect, p
  const rows = new Map(Object.keys(claims).map((name) => [name, document.getElementById(`verdict-${name}`)]).filter(([, row]) => row));
  const judged = new Map([...rows].map(([name, row]) => [name, COLUMNS.map((column) => row.cells[column].cloneNode(true))]));

  // What was found of a claim: the place of its verdict and its effect, or nothing.
  const found = (name, picked) => {
    const { over, at } = claims[name];
    const text = at[over.reduce((place, choice) => place * choices[choice].length + choices[choice].indexOf(picked[choice]), 0)];
    return text ? { verdict: verdicts[text[0]], effect: text.slice(1) } : { verdict: "not counted", effect: "–" };
  };

  const write = (cell, text) => {
    cell.replaceChildren(text);
    cell.dataset.value = parseFloat(text.replace("−", "-")) || text;
  };

  const mark = (cell, verdict, before) => {
    write(cell, verdict);
    const look = verdict in signs ? verdict : "inconclusive";
    cell.replaceChildren(Object.assign(document.createElement("span"), { className: `verdict ${look}`, textContent: `${signs[verdict] ?? ""} ${verdict}` }));
    if (verdict !== before) cell.append(Object.assign(document.createElement("small"), { textContent: `at reference: ${before}` }));
  };

  const show = () => {
    const picked = Object.fromEntries(new FormData(form));
    const counts = new Map(), changed = [];
    for (const [name, row] of rows) {
      COLUMNS.forEach((column, place) => row.cells[column].replaceWith(judged.get(name)[place].cloneNode(true)));
      const { verdict, effect } = found(name, picked);
      const before = found(name, reference).verdict;
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
      if (verdict !== before) changed.push(name);
      if (claims[name].over.every((choice) => picked[choice] === reference[choice])) continue;
      mark(row.cells[1], verdict, before);
      write(row.cells[2], effect);
      write(row.cells[4], "–");
    }
    const told = [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ");
    status.textContent = `At these choices: ${told}. ` + (changed.length ? `Verdicts that differ from those of reference: ${changed.join(", ")}.` : "All verdicts are those of reference.");
  };

  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(show));
}
