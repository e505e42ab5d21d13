"use strict";
// Draws every figure from the data beside it; on paper, figures take the paper's width and everything is open.
(() => {
  const PAPER = 660;
  const NARROW = 480;
  const config = { responsive: true, displayModeBar: false, showTips: false };
  const plots = Array.from(document.querySelectorAll(".plot"));

  for (const plot of plots) {
    const figure = JSON.parse(document.querySelector(`script[data-plot="${plot.id}"]`).textContent);
    if (plot.clientWidth < NARROW) {
      for (const trace of figure.data) if (trace.mode === "text") trace.textfont.size = 11;
    }
    Plotly.newPlot(plot, figure.data, figure.layout, config);
  }

  let opened = [];
  const toPaper = () => {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    for (const item of opened) item.open = true;
    for (const plot of plots) Plotly.relayout(plot, { autosize: false, width: PAPER });
  };
  const toScreen = () => {
    for (const item of opened) item.open = false;
    for (const plot of plots) Plotly.relayout(plot, { autosize: true, width: null });
  };
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", toScreen);
})();
