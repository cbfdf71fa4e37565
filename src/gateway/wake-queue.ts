/** Who wakes when: a binary heap, so that the cost of arming one session does not grow with the number of sessions much. */
export class WakeQueue {
  readonly #heap: { readonly at: number; readonly id: number }[] = []
  readonly #armed: Map<number, number> = new Map()

  /** Arms `id` for `at`, or disarms it. */
  arm(id: number, at: number | undefined): void {
    if (at === undefined) {
      this.#armed.delete(id)
      return
    }
    if (this.#armed.get(id) === at) return
    this.#armed.set(id, at)
    this.#push({ at, id })
    // Entries that were armed anew stay behind until they surface; a heap of mostly such entries is made again.
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#armed.size) this.#rebuild()
  }

  /** The earliest time anything is armed for. */
  next(): number | undefined {
    this.#dropStale()
    return this.#heap[0]?.at
  }

  /** Takes one that is due at `now`, disarming it. */
  takeDue(now: number): number | undefined {
    this.#dropStale()
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    this.#pop()
    this.#armed.delete(first.id)
    return first.id
  }

  #dropStale(): void {
    for (
      let first = this.#heap[0];
      first !== undefined && this.#armed.get(first.id) !== first.at;
      first = this.#heap[0]
    ) {
      this.#pop()
    }
  }

  #rebuild(): void {
    this.#heap.length = 0
    for (const [id, at] of this.#armed) this.#push({ at, id })
  }

  #push(entry: { readonly at: number; readonly id: number }): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as { readonly at: number; readonly id: number }
      if (above.at <= entry.at) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && right.at < (heap[child] as { readonly at: number }).at) child++
      const below = heap[child] as { readonly at: number; readonly id: number }
      if (below.at >= last.at) break
      heap[index] = below
      index = child
    }
    heap[index] = last
  }
}
