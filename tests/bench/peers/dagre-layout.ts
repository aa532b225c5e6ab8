/** Lays one graph out with dagre in a process of its own, so that it can be ended: `dagre-layout.ts NODES`; prints milliseconds. */
import dagre from '@dagrejs/dagre'
import { deepGraph } from '../deep-graph'

const request = deepGraph(Number(process.argv[2]))
const graph = new dagre.graphlib.Graph({ multigraph: true })
graph.setGraph({ rankdir: 'TB' })
graph.setDefaultEdgeLabel(() => ({}))
request.widths.forEach((width, node) => graph.setNode(String(node), { width, height: request.heights[node] ?? 0 }))
request.edgeSource.forEach((source, edge) => graph.setEdge(String(source), String(request.edgeTarget[edge]), {}, String(edge)))
const started = performance.now()
dagre.layout(graph)
console.log(performance.now() - started)
