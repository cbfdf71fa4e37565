/** Things to do at times of a virtual clock: earliest first, those of one time in the order they were added. */
export interface Schedule {
  add(time: number, task: () => void): void
  /** Time of the earliest task. */
  nextTime(): number | undefined
  /** Takes the earliest task out. */
  take(): { readonly time: number; readonly task: () => void } | undefined
}

interface Entry {
  readonly time: number
  readonly order: number
  readonly task: () => void
}

const before = (a: Entry, b: Entry): boolean => a.time < b.time || (a.time === b.time && a.order < b.order)

/** An empty schedule: a binary heap. */
export function createSchedule(): Schedule {
  const heap: Entry[] = []
  let order = 0

  function swapIfBefore(upper: number, lower: number): boolean {
    const [a, b] = [heap[upper] as Entry, heap[lower] as Entry]
    if (!before(b, a)) return false
    heap[upper] = b
    heap[lower] = a
    return true
  }

  return {
    add(time, task) {
      let index = heap.push({ time, order: order++, task }) - 1
      while (index > 0) {
        const parent = (index - 1) >> 1
        if (!swapIfBefore(parent, index)) break
        index = parent
      }
    },
    nextTime: () => heap[0]?.time,
    take() {
      const first = heap[0]
      const last = heap.pop()
      if (first === undefined || last === undefined || heap.length === 0) return first
      heap[0] = last
      let index = 0
      for (;;) {
        const left = 2 * index + 1
        if (left >= heap.length) return first
        const right = left + 1
        const child = right < heap.length && before(heap[right] as Entry, heap[left] as Entry) ? right : left
        if (!swapIfBefore(index, child)) return first
        index = child
      }
    }
  }
}
