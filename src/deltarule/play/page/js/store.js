/** What the page knows: one object of values, replaced piece by piece, and the functions that are told of it. */

/**
 * A store with `initial` values. `change` merges a piece and tells every subscriber once; a subscriber that changes the
 * store while it is told is told again afterwards.
 *
 * @param {Object} initial
 * @returns {{state: Object, change: (piece: Object) => void, subscribe: (heard: (state: Object) => void) => () => void}}
 */
export function createStore(initial) {
  const subscribers = new Set();
  const store = { state: { ...initial }, change, subscribe };
  let telling = false;
  let again = false;

  function change(piece) {
    store.state = { ...store.state, ...piece };
    if (telling) {
      again = true;
      return;
    }
    telling = true;
    do {
      again = false;
      for (const heard of [...subscribers]) heard(store.state);
    } while (again);
    telling = false;
  }

  function subscribe(heard) {
    subscribers.add(heard);
    return () => subscribers.delete(heard);
  }

  return store;
}
