/** What the page asks and is answered, made by `python site/protocol_types.py` from the dataclasses. */

/** @typedef {{ title: string, about: string, scene: string, steps: number }} Card */
/** @typedef {{ kind: "checked", revision: number, generation: number, passed: boolean, text: string, compared: number, layers: Array<{ [name: string]: any }> }} Checked */
/** @typedef {{ kind: "done", revision: number, generation: number, step: number, running: boolean, id: string }} Done */
/** @typedef {{ kind: "exported", revision: number, generation: number, name: string, mime: string, note: string, text: string, bytes: Uint8Array & { shape: number[] } }} Exported */
/** @typedef {{ kind: "failed", error: string, message: string, id: string }} Failed */
/** @typedef {{ kind: "frame", revision: number, generation: number, branch: number, step: number, epoch: number, batch: number, steps_per_epoch: number, last_step: number, running: boolean, speed: number, rate: number, paused_because: string, message: string, diverged_at: number | null, cost: { [name: string]: number | null }, score: { [name: string]: any }, map_of: string, map_range: [number, number] | null, map_extent: [number, number, number, number] | null, thumbnail_ranges: Array<[number, number]>, map: Uint8Array & { shape: number[] } | null, thumbnails: Uint8Array & { shape: number[] } | null, theta: Float64Array & { shape: number[] } | null, edges: Int32Array & { shape: number[] } | null, edge_values: Float64Array & { shape: number[] } | null, edges_left_out: number, saturation: Float64Array & { shape: number[] } | null, curve: Float64Array & { shape: number[] } | null }} Frame */
/** @typedef {{ kind: "lines", revision: number, generation: number, step: number, example: number, examples: Array<number>, label: string, total: number, phases: Array<[string, number]>, lines: Array<TraceLine>, note: string }} Lines */
/** @typedef {{ kind: "miniature", says: string, classes: Array<string> | null, steps: Array<number>, costs: Array<number>, ranges: Array<[number, number]>, extent: [number, number, number, number], maps: Uint8Array & { shape: number[] }, X: Float64Array & { shape: number[] }, Y: Float64Array & { shape: number[] }, rows: Int32Array & { shape: number[] }, held_out: Uint8Array & { shape: number[] } }} Miniature */
/** @typedef {{ kind: "opened", revision: number, generation: number, step: number, scene: { [name: string]: any }, link: string, network: { [name: string]: any }, data: { [name: string]: any }, settings: Array<{ [name: string]: any }>, notices: Array<string>, rows: Int32Array & { shape: number[] }, X: Float64Array & { shape: number[] }, Y: Float64Array & { shape: number[] }, held_out: Uint8Array & { shape: number[] } }} Opened */
/** @typedef {{ kind: "predictions", revision: number, generation: number, labels: Array<string>, total: number, measures: { [name: string]: number | null }, reliability: Array<{ [name: string]: number }>, rows: Int32Array & { shape: number[] }, truth: Float64Array & { shape: number[] }, predicted: Float64Array & { shape: number[] }, h: Float64Array & { shape: number[] }, costs: Float64Array & { shape: number[] }, confusion: Int32Array & { shape: number[] } | null }} Predictions */
/** @typedef {{ kind: "probed", revision: number, generation: number, x: Array<number>, z: Array<Array<number>>, a: Array<Array<number>>, says: string }} Probed */
/** @typedef {{ symbol: string, layer: number, i: number, j: number }} Ref */
/** @typedef {{ kind: "searched", revision: number, generation: number, step: number, solver: string, tried: Array<[number, number, number]>, taken: number, slope: number, most: [number, number], note: string, alpha: Float64Array & { shape: number[] } | null, J: Float64Array & { shape: number[] } | null }} Searched */
/** @typedef {{ kind: "started", cards: Array<Card>, tours: Array<Card>, drawn: string }} Started */
/** @typedef {{ kind: "symbol" | "number" | "operator", text: string, value: number | null, ref: Ref | null }} Token */
/** @typedef {{ kind: "tours", tours: Array<Tour> }} Told */
/** @typedef {{ number: number, equation: string, phase: string, level: string, layer: number, unit: number, writes: Ref, reads: Array<Ref>, symbols: Array<Token>, numbers: Array<Token>, result: Token, value: number, spoken: string, saturated: boolean, note: string }} TraceLine */
/** @typedef {{ kind: "warped", revision: number, generation: number, layer: number, units: [number, number], extent: [number, number, number, number], across: Float32Array & { shape: number[] }, up: Float32Array & { shape: number[] }, rows: Int32Array & { shape: number[] }, at: Float64Array & { shape: number[] }, Y: Float64Array & { shape: number[] } }} Warped */
/** @typedef {{ ask: "check", parameters?: number }} Check */
/** @typedef {{ ask: "edit", id?: string, layer: number, i: number, j: number, value: number }} Edit */
/** @typedef {{ ask: "export", kind: "link", kind?: string, weights?: boolean }} Export */
/** @typedef {{ ask: "frame", after?: number, wait?: number, map?: "" | "decision" | "classes" | "unit", unit?: [number, number], features?: [number, number], held_at?: number, size?: number, thumbnails?: number, theta?: boolean, strongest?: number, curve_after?: number }} FrameOf */
/** @typedef {{ ask: "miniature", scene: string, steps?: number, size?: number }} MiniatureOf */
/** @typedef {{ ask: "open", id?: string, scene?: string | null, table_name?: string | null, table_text?: string | null, target?: string | null }} Open */
/** @typedef {{ ask: "pause", id?: string }} Pause */
/** @typedef {{ ask: "predict", rows?: "all" | "train" | "validation", most?: number }} Predict */
/** @typedef {{ ask: "probe", x?: Array<number> }} Probe */
/** @typedef {{ ask: "run", id?: string, speed?: number }} Run */
/** @typedef {{ ask: "search" }} SearchOf */
/** @typedef {{ ask: "seek", id?: string, step?: number }} Seek */
/** @typedef {{ ask: "set", id?: string, setting: string, value?: any }} Set */
/** @typedef {{ ask: "start" }} Start */
/** @typedef {{ ask: "step", id?: string, level?: "step" | "epoch", by?: number }} Step */
/** @typedef {{ ask: "tours" }} Tours */
/** @typedef {{ ask: "trace", example?: number, start?: number, count?: number, level?: "network" | "layer" | "unit" | "term", phase?: string, digits?: number, what_if?: Array<[string, number, number, number, number]> }} Trace */
/** @typedef {{ ask: "warp", layer?: number, units?: [number, number], features?: [number, number], held_at?: number, lines?: number, points?: number }} Warp */
/** @typedef {{ name: string, title: string, about: string, steps: Array<TourStep> }} Tour */
/** @typedef {{ title: string, text: Array<string>, question: string, answer: string, scene: string, screen: string }} TourStep */
export {};
