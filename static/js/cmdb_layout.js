// Arranges a graph away from the page: a worker of its own, so that the page answers while many boxes are placed.
// It is told {libraries} once, then {number, name, size, elements}; it answers {number, positions} or {number, error}.
const OPTIONS = {
  dagre: { rankDir: "TB", nodeSep: 26, rankSep: 64 },
  cose: { nodeRepulsion: () => 400000, idealEdgeLength: () => 160, nodeOverlap: 60, randomize: false, numIter: 800 },
  concentric: { concentric: (node) => (node.data("root") ? 2 : node.data("opened") ? 1 : 0), levelWidth: () => 1, minNodeSpacing: 40 },
};

function arranged({ name, size, elements }) {
  const style = [{ selector: "node", style: { shape: "round-rectangle", width: size.width, height: size.height } }];
  const graph = self.cytoscape({ headless: true, styleEnabled: true, style, elements });
  const side = Math.sqrt(graph.nodes().length); // room grows with the boxes, so that they need not lie on each other
  const boundingBox = { x1: 0, y1: 0, w: 1.9 * size.width * side, h: 2.7 * size.height * side };
  graph.layout({ name, animate: false, fit: false, boundingBox, ...OPTIONS[name] }).run();
  const positions = Object.fromEntries(graph.nodes().map((node) => [node.id(), { ...node.position() }]));
  graph.destroy();
  return positions;
}

self.addEventListener("message", ({ data }) => {
  if (data.libraries) {
    self.importScripts(...data.libraries);
    self.cytoscape.use(self.cytoscapeDagre);
    return;
  }
  try {
    self.postMessage({ number: data.number, positions: arranged(data) });
  } catch (error) {
    self.postMessage({ number: data.number, error: String(error) });
  }
});
