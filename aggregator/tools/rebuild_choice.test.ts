import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { joinLanes, type FileNote, type LaneNote } from "../blocks/file/block_metadata.ts";
import { chooseBlocks, type FoundFile } from "./rebuild_choice.ts";

const at = (sequence: number) => ({ epoch: 1, sequence });

/** A store in miniature: files with the frames they hold, those the catalog knows, and those that merely lie there. */
class Model {
  #made = 0;
  #position = 0;
  committed: FoundFile[] = [];
  lying: FoundFile[] = [];
  readonly frames = new Map<string, readonly number[]>();

  /** Ids grow with time, as UUIDs of version 7 do. */
  #id(): string {
    this.#made += 1;
    return String(this.#made).padStart(8, "0");
  }

  #file(
    id: string,
    frames: readonly number[],
    lanes: readonly LaneNote[],
    merge?: FileNote["merge"],
  ) {
    const what = { tenant: "t", signal: "logs" as const, createdMs: 0 };
    const size = { items: frames.length, rows: frames.length, minMs: 0, maxMs: 0 };
    const note = { ...what, ...size, lanes, ...(merge === undefined ? {} : { merge }) };
    this.frames.set(id, frames);
    return { block: { ...what, ...size, id, key: id, bytes: 1 }, note };
  }

  /** `uploaded` files of `parts` come to lie there; the commit counts when all do, and it is done. */
  commit(count: number, isDone: boolean, parts = 1, uploaded = parts): void {
    const from = this.#position;
    const to = from + count;
    const account = { itemsTotal: to, ahead: [], stored: to, dropped: {}, agentDropped: {} };
    const lane = { tenant: "t", agent: "a", signal: "logs" as const };
    const lanes = [
      { spans: [{ from: at(from), to: at(to) }], commit: { lane, position: at(to), ...account } },
    ];
    const frames = Array.from({ length: count }, (_, i) => from + i + 1);
    const group = this.#id();
    const files = Array.from({ length: parts }, (_, part) => {
      const own = frames.filter((frame) => frame % parts === part);
      const isLast = part === parts - 1;
      const merge = { group, part, isLast, isPartial: true, replaces: [], cuts: [group] };
      return this.#file(this.#id(), own, lanes, parts === 1 ? undefined : merge);
    }).slice(0, uploaded);
    if (isDone && files.length === parts) {
      this.#position = to;
      this.committed.push(...files);
    } else this.lying.push(...files);
  }

  /** `uploaded` files of `parts` come to lie there; the merge counts when all do, and it is done. */
  merge(start: number, length: number, parts: number, uploaded: number, isDone: boolean): void {
    const inputs = this.committed.slice(start, start + length);
    if (inputs.length === 0) return;
    const group = this.#id();
    const frames = inputs.flatMap(({ block }) => this.frames.get(block.id) ?? []);
    const isOld = inputs.some(({ note }) => note?.merge?.isPartial === true);
    const lanes = joinLanes(inputs.map(({ note }) => note?.lanes ?? []));
    const each = Math.ceil(frames.length / parts);
    const outputs = Array.from({ length: parts }, (_, part) =>
      this.#file(this.#id(), frames.slice(part * each, (part + 1) * each), lanes, {
        group,
        part,
        isLast: part === parts - 1,
        isPartial: isOld || parts > 1,
        replaces: inputs.map(({ block }) => block.id),
        cuts: [...new Set(inputs.flatMap(({ note }) => note?.merge?.cuts ?? []))],
      }),
    );
    const present = outputs.slice(0, uploaded);
    if (!isDone || present.length < parts) {
      this.lying.push(...present);
      return;
    }
    const gone = new Set(inputs);
    this.committed = [...this.committed.filter((file) => !gone.has(file)), ...present];
    this.lying.push(...inputs);
  }

  /** What is left of crashes and merges goes, as sweeping and deleting do. */
  sweep(): void {
    this.lying = [];
  }

  chosen(): { frames: number[]; committed: number[] } {
    const { files } = chooseBlocks([...this.lying, ...this.committed]);
    const blocks = files.map(({ block }) => block);
    const of = (ids: readonly string[]) =>
      ids.flatMap((id) => this.frames.get(id) ?? []).toSorted((a, b) => a - b);
    return {
      frames: of(blocks.map(({ id }) => id)),
      committed: of(this.committed.map(({ block }) => block.id)),
    };
  }

  get position(): number {
    return this.#position;
  }
}

/** A try that was never committed may be there at the end, when nothing was committed after it: whole frames, once. */
function expectOnce({ frames, committed }: { frames: number[]; committed: number[] }): void {
  expect(frames.slice(0, committed.length)).toEqual(committed);
  expect(frames).toEqual(Array.from(frames, (_, i) => i + 1));
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("commit" as const),
      count: fc.integer({ min: 1, max: 3 }),
      isDone: fc.boolean(),
      parts: fc.integer({ min: 1, max: 3 }),
      uploaded: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("merge" as const),
      start: fc.nat(6),
      length: fc.integer({ min: 1, max: 5 }),
      isDone: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep" as const) }) },
);

test("of whatever crashes and merges leave, every committed frame is chosen, and each once", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const model = new Model();
      for (const one of steps) {
        if (one.kind === "commit") model.commit(one.count, one.isDone, one.parts, one.uploaded);
        else if (one.kind === "merge") model.merge(one.start, one.length, 1, 1, one.isDone);
        else model.sweep();
        expectOnce(model.chosen());
      }
    }),
    { numRuns: 500 },
  );
});

test("a merge of several files counts whole or not at all, and its parts merge on", () => {
  const model = new Model();
  for (let k = 0; k < 6; k++) model.commit(1, true);
  model.merge(0, 4, 3, 2, true);
  expect(model.chosen().frames).toEqual([1, 2, 3, 4, 5, 6]);
  model.sweep();
  model.merge(0, 4, 2, 2, true);
  expect(model.chosen().frames).toEqual([1, 2, 3, 4, 5, 6]);
  // One part of it with a block beside: the other part stays.
  model.merge(1, 2, 1, 1, true);
  expect(model.chosen().frames).toEqual([1, 2, 3, 4, 5, 6]);
  model.sweep();
  expect(model.chosen().frames).toEqual([1, 2, 3, 4, 5, 6]);
});
