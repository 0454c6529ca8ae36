/** Why a line is as it is, by its phase and equation, in a sentence or two. */

const BY_SYMBOL = {
  z: "Each unit adds up what comes in: the bias, which its weight from the +1 unit gives, and each activation times its weight.",
  a: "g bends z. Without it any number of layers would be one: a sum of sums is a sum.",
  ℓ: "The cost of one example is small where the network gave the truth a probability near 1, and grows without end as that goes to 0.",
  J: "J adds the costs of the examples, divided by m, and the penalty, which grows with every weight but the biases.",
  Δ: "Δ adds up, example by example, the error of the unit behind an edge times the activation before it: how much the edge is to blame.",
  D: "D is the slope of J: the mean of Δ over the examples, and for weights that are no bias the slope of the penalty, λΘ/m. δ knows nothing of the penalty.",
  "Θ'": "A step goes against the slope D, by as much as the rule says.",
  p: "Adam keeps a running mean of D, so that a step follows where several batches agree.",
  q: "Adam keeps a running mean of D², so that each parameter has a step size of its own.",
  "g'": "The slope of g at z: where the unit is saturated it is near 0, and no error passes.",
  e: "Errors come back along the edges by which activations went forward: each next δ times the weight of its edge.",
};

const LAST_DELTA = "At the outputs the error is h − y: cost and output unit are made for each other, so the slope of the output unit has cancelled.";
const HIDDEN_DELTA = "A hidden unit's error is what came back along its edges, times the slope of g at its z: how much a small change of z would change the cost.";

/** @param {Object} line of the trace @param {number} layers L @returns {string} */
export function reasonOf(line, layers) {
  if (line.writes.symbol === "δ") return line.writes.layer === layers ? LAST_DELTA : HIDDEN_DELTA;
  return BY_SYMBOL[line.writes.symbol] ?? "A step of the algorithm that the lines after it use.";
}
