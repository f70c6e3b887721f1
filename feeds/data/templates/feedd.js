// Comfort for pages that work without it: copy buttons, the filter box, the order of lists.
(() => {
  "use strict";
  for (const button of document.querySelectorAll("button.copy")) {
    const field = button.parentNode.querySelector("input");
    const text = button.textContent;
    field.value = new URL(field.value, location.href).href;
    button.hidden = false;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      field.select();
      try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = text; }, 2000);
    });
  }

  const tools = document.querySelector(".tools");
  if (!tools) return;
  const filter = tools.querySelector("#filter"), order = tools.querySelector("#order"), told = tools.querySelector("output");
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const shelves = [...document.querySelectorAll(".shelf")].map((shelf) => ({
    shelf,
    details: shelf.querySelector("details"),
    top: [...shelf.querySelectorAll(".top-ones")],
    letters: shelf.querySelector(".letters"),
    groups: [...shelf.querySelectorAll(".group")].map((group) => ({ group, list: group.querySelector("ul"), heading: group.querySelector("h3") })),
    rows: [...shelf.querySelectorAll(".group li")].map((row) => {
      const link = row.firstElementChild;
      return { row, home: row.parentNode, count: +row.lastElementChild.textContent.replace(/,/g, ""),
        text: plain(link.textContent + " " + decodeURIComponent(link.getAttribute("href"))) };
    }),
  }));
  tools.hidden = false;

  const find = () => {
    const byCount = order.value === "count";
    const words = plain(filter.value).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const shelf of shelves) {
      for (const one of shelf.rows) {
        one.row.hidden = !words.every((word) => one.text.includes(word));
        if (!one.row.hidden) found += 1;
      }
      for (const { group, list } of shelf.groups) group.hidden = !list.querySelector("li:not([hidden])");
      for (const part of shelf.top) part.hidden = byCount || words.length > 0;
      if (shelf.letters) shelf.letters.hidden = byCount || words.length > 0;
      for (const { heading } of shelf.groups) if (heading) heading.hidden = byCount || words.length > 0;
      shelf.shelf.classList.toggle("finding", words.length > 0);
      if (shelf.details && words.length) shelf.details.open = true;
    }
    told.textContent = words.length ? told.dataset[found === 1 ? "one" : "many"].replace("{}", found) : "";
  };
  const sort = () => {
    const byCount = order.value === "count";
    for (const shelf of shelves) {
      const rows = byCount ? [...shelf.rows].sort((a, b) => b.count - a.count) : shelf.rows;
      const first = shelf.groups[0].list;
      for (const one of rows) (byCount ? first : one.home).append(one.row);
      if (shelf.details && byCount) shelf.details.open = true;
    }
    find();
  };
  let waiting = 0;
  filter.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(find, 80); });
  order.addEventListener("change", sort);
  if (filter.value) find();
})();
