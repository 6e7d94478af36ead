// Narrow the list of demo people while one types.

const field = document.querySelector("[data-filter]");

field?.addEventListener("input", () => {
  const wanted = field.value.trim().toLowerCase();
  for (const group of document.querySelectorAll("[data-filter-group]")) {
    let shown = 0;
    for (const item of group.querySelectorAll("[data-filter-item]")) {
      item.hidden = !item.dataset.filterItem.includes(wanted);
      shown += item.hidden ? 0 : 1;
    }
    group.hidden = shown === 0;
  }
});
