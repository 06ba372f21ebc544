// Draws [data-chart] from its own JSON; a click opens the records behind what was clicked, or narrows the board.
// Colours are those of the theme. The table below each chart says the same to who does not see it.
const echarts = window.echarts;
const drawn = new Map();

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const probe = document.createElement("i");
probe.hidden = true;
document.body.append(probe);

/** A colour of the theme as the browser computes it: canvases know no light-dark(). */
function colour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

const tones = () => ({
  info: colour("--chart-info"), ok: colour("--ok-bar"), soon: colour("--soon-bar"), late: colour("--late-bar"),
  text: colour("--muted"), line: colour("--line"), strong: colour("--text"), surface: colour("--raised"),
});
const palette = () => [1, 2, 3, 4, 5, 6, 7, 8].map((n) => colour(`--chart-${n}`));

function common(data, tone) {
  return {
    animationDuration: 250,
    textStyle: { fontFamily: style("--tblr-font-sans-serif") || "sans-serif", color: tone.text },
    aria: { enabled: true, label: { description: data.description }, decal: { show: data.kind === "shares" || data.kind === "donut" } },
    color: palette(),
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: tone.surface, borderColor: tone.line,
      textStyle: { color: tone.strong, fontSize: 12 },
    },
    grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
    legend: { right: 0, top: 0, itemWidth: 14, itemHeight: 9, textStyle: { color: tone.text } },
  };
}

const axis = (tone, more) => ({
  axisLine: { lineStyle: { color: tone.line } }, axisTick: { show: false }, axisLabel: { color: tone.text, hideOverlap: true },
  splitLine: { lineStyle: { color: tone.line } }, ...more,
});

const point = (series, n) => ({ value: series.values[n], url: series.urls[n] });
const points = (series) => series.values.map((_value, n) => point(series, n));

function trend(data, tone) {
  const series = data.series.filter((one) => one.type !== "text").map((one) => ({
    name: one.name, data: points(one), itemStyle: { color: tone[one.tone] }, cursor: "pointer",
    type: one.type === "bar" ? "bar" : "line",
    ...(one.type === "bar" ? { barMaxWidth: 22, itemStyle: { color: tone[one.tone], borderRadius: [2, 2, 0, 0] } }
      : { symbolSize: 5, lineStyle: { width: 2 }, step: one.type === "step" ? "end" : false, showSymbol: data.labels.length < 40 }),
    yAxisIndex: one.type === "step" ? 1 : 0,
  }));
  const level = series.find((one) => one.step === "end");
  const aims = data.aims ?? [];
  if (aims.length) {
    (level ?? series[0]).markLine = { silent: true, symbol: "none",
      data: aims.map((aim) => ({ yAxis: aim.value, lineStyle: { color: tone[aim.tone] ?? tone.strong, type: "dashed" },
        label: { formatter: aim.name, position: "insideStartTop", color: tone.strong, fontSize: 11 } })) };
  }
  // The axis reaches as far as the targets.
  const reaching = aims.length ? { max: ({ max }) => Math.max(max, ...aims.map((aim) => aim.value)) } : {};
  const single = series.length === 1;
  return {
    tooltip: single ? { trigger: "axis", formatter: ([p]) => `${p.name}\n${data.series[0].texts[p.dataIndex]}` } : { trigger: "axis" }, series,
    ...(single ? { legend: { show: false } } : {}),
    xAxis: axis(tone, { type: "category", data: data.labels, splitLine: { show: false } }),
    yAxis: [axis(tone, { type: "value", minInterval: single ? 0 : 1, ...(level ? {} : reaching) }),
      axis(tone, { type: "value", minInterval: 1, splitLine: { show: false }, axisLabel: { color: tone.soon }, ...(level ? reaching : {}) })],
  };
}

function shares(data, tone) {
  const bars = data.series.filter((one) => one.type === "stack");
  const total = data.labels.map((_label, n) => bars.reduce((sum, one) => sum + one.values[n], 0));
  const series = bars.map((one) => ({
    name: one.name, type: "bar", stack: "all", barMaxWidth: 18, cursor: "pointer", itemStyle: { color: tone[one.tone] },
    data: one.values.map((value, n) => ({ value: total[n] ? (100 * value) / total[n] : 0, url: one.urls[n], count: value })),
  }));
  if (data.aims?.length && series.length) {
    series[0].markLine = { silent: true, symbol: "none", lineStyle: { color: tone.strong, type: "dashed" },
      label: { show: false }, data: data.aims.map((aim) => ({ xAxis: aim.value })) };
  }
  return {
    series, tooltip: { trigger: "item", formatter: (p) => `${p.name}\n${p.seriesName}: ${p.data.count} (${p.value.toFixed(1)} %)` },
    xAxis: axis(tone, { type: "value", max: 100 }),
    yAxis: axis(tone, { type: "category", data: data.labels, inverse: true, splitLine: { show: false } }),
  };
}

function donut(data) {
  const [counts, texts] = data.series;
  return {
    tooltip: { formatter: (p) => `${p.name}\n${p.value} (${p.data.share})` },
    legend: { type: "scroll", left: "center", right: "auto", top: "auto", bottom: 0, itemWidth: 12, itemHeight: 10,
      formatter: (name) => `${name} ${texts.texts[data.labels.indexOf(name)]}` },
    series: [{ type: "pie", radius: ["42%", "70%"], center: ["50%", "44%"], label: { show: false }, cursor: "pointer",
      data: data.labels.map((name, n) => ({ name, ...point(counts, n), share: texts.texts[n] })) }],
  };
}

function bars(data, tone, upright) {
  const names = axis(tone, { type: "category", data: data.labels, inverse: !upright, splitLine: { show: false },
    axisLabel: { color: tone.text, width: upright ? 44 : 130, overflow: upright ? "break" : "truncate", interval: 0, fontSize: upright ? 11 : 12, lineHeight: 14 } });
  const values = axis(tone, { type: "value", minInterval: 1 });
  const [counts] = data.series;
  return {
    legend: { show: false }, grid: { left: 8, right: upright ? 8 : 40, top: upright ? 24 : 8, bottom: 4, containLabel: true },
    xAxis: upright ? names : values, yAxis: upright ? values : names,
    series: [{ name: counts.name, type: "bar", barMaxWidth: 20, cursor: "pointer", data: points(counts),
      itemStyle: { color: tone.info, borderRadius: upright ? [3, 3, 0, 0] : [0, 3, 3, 0] },
      label: { show: true, position: upright ? "top" : "right", color: tone.text } }],
  };
}

function heat(data, tone) {
  const cells = data.series.flatMap((one, hour) => one.values.map((value, day) => ({ value: [hour, day, value], url: one.urls[day] })));
  const most = Math.max(...cells.map((cell) => cell.value[2]), 1);
  return {
    legend: { show: false }, grid: { left: 8, right: 8, top: 8, bottom: 4, containLabel: true },
    tooltip: { formatter: (p) => `${data.labels[p.value[1]]} ${p.value[0]}:00\n${p.value[2]}` },
    visualMap: { show: false, min: 0, max: most, inRange: { color: [colour("--sunk"), colour("--chart-heat-mid"), colour("--chart-heat")] } },
    xAxis: axis(tone, { type: "category", data: data.series.map((one) => one.name), splitLine: { show: false } }),
    yAxis: axis(tone, { type: "category", data: data.labels, inverse: true, splitLine: { show: false } }),
    series: [{ type: "heatmap", data: cells, cursor: "pointer", itemStyle: { borderColor: tone.surface, borderWidth: 1 } }],
  };
}

const KINDS = { trend, shares, donut, heat, bars: (data, tone) => bars(data, tone, false), columns: (data, tone) => bars(data, tone, true) };

function draw(place) {
  const data = JSON.parse(place.dataset.chart);
  const tone = tones();
  const base = common(data, tone);
  const own = KINDS[data.kind](data, tone);
  const merged = { ...base, ...own };
  for (const name of ["tooltip", "legend"]) merged[name] = { ...base[name], ...own[name] };
  const chart = drawn.get(place) || echarts.init(place, null, { renderer: "canvas" });
  if (!drawn.has(place)) {
    chart.on("click", (event) => { if (event.data?.url) window.location.assign(event.data.url); });
    new ResizeObserver(() => chart.resize()).observe(place);
    drawn.set(place, chart);
  }
  chart.setOption(merged, true);
}

function drawAll(root) {
  for (const place of root.querySelectorAll?.("[data-chart]") || []) draw(place);
}

for (const [place] of drawn) if (!place.isConnected) drawn.delete(place);
drawAll(document);
document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.detail.elt.querySelector?.("canvas")) drawAll(event.detail.elt);
});
const again = () => { for (const place of drawn.keys()) if (place.isConnected) draw(place); };
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
