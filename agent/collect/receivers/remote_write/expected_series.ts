import { wordAt } from "./word_at.ts";

const none = -1;
/** What is kept lies in pieces of this size, none over the edge of two: one that grows would be copied whole. */
const pieceBits = 18;
const pieceBytes = 1 << pieceBits;
/** Label bytes that are kept of a series, and of all: more is rare, and such series are found by their hash. */
const seriesBytesMax = 1_024;
const keptBytesMax = 2 ** 30;
/** Series that one read() takes. */
const runMax = 1_024;
/** WriteRequest.timeseries, TimeSeries.samples, Sample.value and Sample.timestamp: field number << 3 | wire type. */
const tags = { series: 10, sample: 18, value: 9, timestamp: 16 } as const;
/** From the tag of a sample whose value stands first to the value, to the tag of its time, and to the time; bytes of a time of 63 bits. */
const valueAt = 3;
const timeTagAt = 11;
const timeAt = 12;
const timeBytesMax = 9;
/** A time in milliseconds takes six bytes from 1971 to 2109; so a whole sample takes this, and its content two less. */
const usualTimeBytes = 6;
const usualSampleBytes = timeAt + usualTimeBytes;
/** The bit that says of a byte that more follow: in four bytes, and in two, of which the second must not have it. */
const moreInFour = 0x80808080 | 0;
const moreInTwo = 0x8080;
const moreOnce = 0x0080;
/** Series that are tried at once after some that were not as foretold; doubles with each success. */
const triedMin = 8;

/**
 * Foretells the series of a remote write 1.0 request. A sender goes through its series in the same order time and again, so the next one
 * is mostly that which came after the same one before. Whether it is, the bytes of its labels tell, kept as they were first sent.
 *
 * What is kept of a series is the whole message of it with one sample, and series lie one after another as they first came. A run of series
 * that are as foretold is then the same bytes but for values and times, whose places are known: these are taken out of the request and put
 * into what is kept, and one native comparison tells whether all the rest is the same. That takes a tenth of the time of reading field by
 * field with a hash of the labels. Series that come in another order than first, or with times of another length, are compared one by one.
 */
export class ExpectedSeries {
  /** How many series' bytes are kept. */
  size = 0;
  /** What read() found: so many series, with one sample each. */
  length = 0;
  readonly columns = new Uint32Array(runMax);
  readonly timestampsMs = new Float64Array(runMax);
  /** Two words a value, the low one first. */
  readonly words = new Uint32Array(2 * runMax);
  #last = none;
  /** By column: which one came after it, how many bytes its labels take (0: none kept), and where its message begins. */
  #next = new Int32Array(1_024).fill(none);
  #sizes = new Uint16Array(1_024);
  #starts = new Int32Array(1_024);
  #kept: Buffer[] = [];
  /** Where the next one is kept: pieces before, and bytes of its own. */
  #keptBytes = 0;
  /** Series that are tried at once. */
  #tried = runMax;

  /** Forgets all. */
  clear(): void {
    this.size = 0;
    this.#last = none;
    this.#next.fill(none);
    this.#sizes.fill(0);
    this.#kept = [];
    this.#keptBytes = 0;
  }

  /**
   * Reads fields `timeseries` from `from` on as long as they are the expected series, each with its labels and then one sample. Gives
   * where the first other one begins, or some of the expected that are left. Times of more than 53 bits are near their value.
   */
  read(bytes: Uint8Array, from: number): number {
    this.length = 0;
    let at = from;
    for (let before = none; before !== at && this.length < runMax;) {
      before = at;
      at = this.#readRun(bytes, at);
      if (at === before) at = this.#readOneByOne(bytes, at);
    }
    return at;
  }

  /** The same for series that were kept one after another, with times of the usual length. */
  #readRun(bytes: Uint8Array, from: number): number {
    const { columns, timestampsMs, words } = this;
    const next = this.#next;
    const sizes = this.#sizes;
    const starts = this.#starts;
    const start = this.length;
    const countMax = Math.min(runMax, start + this.#tried);
    let column = this.#last;
    let count = start;
    let at = from;
    const first = column === none ? none : (next[column] ?? none);
    const keptFrom = first === none ? 0 : (starts[first] ?? 0);
    const kept = this.#kept[keptFrom >>> pieceBits] ?? nothing;
    const pieceStart = keptFrom & ~(pieceBytes - 1);
    let keptAt = keptFrom;
    let [lastFour, lastTwo, timestampMs] = [0, 0, 0];
    while (count < countMax && column !== none) {
      const expected = next[column] ?? none;
      if (expected === none || starts[expected] !== keptAt) break;
      if (keptAt - pieceStart >= pieceBytes) break;
      const labelBytes = sizes[expected] ?? 0;
      const size = messageBytes(labelBytes);
      const timesAt = size - usualTimeBytes;
      const place = at + timesAt;
      if (labelBytes === 0 || place + usualTimeBytes > bytes.length) break;
      // Cheap, and found out where lengths differ; all the rest is compared below.
      if (bytes[place - 1] !== tags.timestamp) break;
      const timeFour = wordAt(bytes, place);
      const timeTwo = (bytes[place + 4] ?? 0) | ((bytes[place + 5] ?? 0) << 8);
      if ((timeFour & moreInFour) !== moreInFour || (timeTwo & moreInTwo) !== moreOnce) break;
      if (timeFour !== lastFour || timeTwo !== lastTwo) {
        [lastFour, lastTwo] = [timeFour, timeTwo];
        timestampMs = usualTimestamp(timeFour, timeTwo);
      }
      const low = wordAt(bytes, place - 9);
      const high = wordAt(bytes, place - 5);
      const keptPlace = keptAt - pieceStart + timesAt;
      putWord(kept, keptPlace - 9, low);
      putWord(kept, keptPlace - 5, high);
      putWord(kept, keptPlace, timeFour);
      kept[keptPlace + 4] = timeTwo & 255;
      kept[keptPlace + 5] = timeTwo >>> 8;
      columns[count] = expected;
      timestampsMs[count] = timestampMs;
      words[2 * count] = low;
      words[2 * count + 1] = high;
      count++;
      column = expected;
      at += size;
      keptAt += size;
    }
    if (count === start) return from;
    const own = keptFrom - pieceStart;
    if (kept.compare(bytes, from, at, own, keptAt - pieceStart) !== 0)
      return this.#cutRun(bytes, from, kept, own, count);
    this.#tried = Math.min(runMax, 2 * this.#tried);
    this.#last = column;
    this.length = count;
    return at;
  }

  /** Of a run up to `count` that is not as foretold, takes what comes before the first series that is another. */
  #cutRun(bytes: Uint8Array, from: number, kept: Buffer, keptFrom: number, count: number): number {
    let [at, keptAt, same] = [from, keptFrom, this.length];
    for (; same < count; same++) {
      const column = this.columns[same] ?? 0;
      const size = messageBytes(this.#sizes[column] ?? 0);
      if (kept.compare(bytes, at, at + size, keptAt, keptAt + size) !== 0) break;
      at += size;
      keptAt += size;
      this.#last = column;
    }
    this.#tried = Math.max(triedMin, same - this.length);
    this.length = same;
    return at;
  }

  #readOneByOne(bytes: Uint8Array, from: number): number {
    const { columns, timestampsMs, words } = this;
    const next = this.#next;
    const sizes = this.#sizes;
    const starts = this.#starts;
    let at = from;
    let column = this.#last;
    let count = this.length;
    while (count < runMax && column !== none && bytes[at] === tags.series) {
      const expected = next[column] ?? none;
      if (expected === none) break;
      let labelsAt = at + 2;
      let length = bytes[at + 1] ?? 0;
      if (length > 127) length = (length & 127) | ((bytes[labelsAt++] ?? 0) << 7);
      const end = labelsAt + length;
      const labelBytes = sizes[expected] ?? 0;
      const sampleAt = labelsAt + labelBytes;
      // A length of three bytes is too long for this, too.
      if (labelBytes === 0 || length >= 1 << 14 || end > bytes.length) break;
      if (end <= sampleAt + timeAt || end > sampleAt + timeAt + timeBytesMax) break;
      if (
        bytes[sampleAt] !== tags.sample ||
        bytes[sampleAt + 1] !== end - sampleAt - 2 ||
        bytes[sampleAt + 2] !== tags.value ||
        bytes[sampleAt + timeTagAt] !== tags.timestamp
      )
        break;
      const start = starts[expected] ?? 0;
      const kept = this.#kept[start >>> pieceBits] ?? nothing;
      const keptAt = (start & (pieceBytes - 1)) + headBytes(labelBytes);
      if (kept.compare(bytes, labelsAt, sampleAt, keptAt, keptAt + labelBytes) !== 0) break;
      let byteAt = sampleAt + timeAt;
      let byte = bytes[byteAt++] ?? 0;
      let timestampMs = byte & 127;
      for (let scale = 128; byte > 127 && byteAt < end; scale *= 128) {
        byte = bytes[byteAt++] ?? 0;
        timestampMs += (byte & 127) * scale;
      }
      // Cut, or with something behind it.
      if (byte > 127 || byteAt !== end) break;
      columns[count] = expected;
      timestampsMs[count] = timestampMs;
      words[2 * count] = wordAt(bytes, sampleAt + valueAt);
      words[2 * count + 1] = wordAt(bytes, sampleAt + valueAt + 4);
      count++;
      column = expected;
      at = end;
    }
    this.#last = column;
    this.length = count;
    return at;
  }

  /** The request's next series is this one. */
  met(column: number): void {
    if (column >= this.#next.length) this.#grow(column);
    if (this.#last !== none) this.#next[this.#last] = column;
    this.#last = column;
  }

  /** Keeps the bytes [start, end) of a series' labels; does nothing where there are some already. */
  keep(column: number, bytes: Uint8Array, start: number, end: number): void {
    const labelBytes = end - start;
    if (column >= this.#next.length) this.#grow(column);
    if (this.#sizes[column] !== 0 || labelBytes > seriesBytesMax) return;
    const size = messageBytes(labelBytes);
    const left = this.#kept.length * pieceBytes - this.#keptBytes;
    if (size > left) {
      if (this.#kept.length * pieceBytes >= keptBytesMax) return;
      this.#keptBytes += left;
      this.#kept.push(Buffer.alloc(pieceBytes));
    }
    this.#starts[column] = this.#keptBytes;
    this.#writeMessage(bytes.subarray(start, end));
    this.#keptBytes += size;
    this.#sizes[column] = labelBytes;
    this.size++;
  }

  /** The series with one sample, whose value and time are written over. */
  #writeMessage(labels: Uint8Array): void {
    const kept = this.#kept.at(-1) ?? nothing;
    const start = this.#keptBytes & (pieceBytes - 1);
    const labelsAt = start + headBytes(labels.length);
    const length = labels.length + usualSampleBytes;
    kept[start] = tags.series;
    kept[start + 1] = labelsAt === start + 2 ? length : (length & 127) | 128;
    if (labelsAt > start + 2) kept[start + 2] = length >>> 7;
    kept.set(labels, labelsAt);
    const sampleAt = labelsAt + labels.length;
    kept[sampleAt] = tags.sample;
    kept[sampleAt + 1] = usualSampleBytes - 2;
    kept[sampleAt + 2] = tags.value;
    kept[sampleAt + timeTagAt] = tags.timestamp;
  }

  #grow(column: number): void {
    const capacity = 2 * Math.max(column, this.#next.length);
    const next = new Int32Array(capacity).fill(none);
    const [sizes, starts] = [new Uint16Array(capacity), new Int32Array(capacity)];
    next.set(this.#next);
    sizes.set(this.#sizes);
    starts.set(this.#starts);
    this.#next = next;
    this.#sizes = sizes;
    this.#starts = starts;
  }
}

const nothing = Buffer.alloc(0);

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word & 255;
  bytes[at + 1] = (word >>> 8) & 255;
  bytes[at + 2] = (word >>> 16) & 255;
  bytes[at + 3] = word >>> 24;
}

/** Tag and length of a series with labels of so many bytes and a usual sample. */
function headBytes(labelBytes: number): number {
  return labelBytes + usualSampleBytes < 128 ? 2 : 3;
}

function messageBytes(labelBytes: number): number {
  return headBytes(labelBytes) + labelBytes + usualSampleBytes;
}

/** Six bytes of seven bits each, the lowest first. */
function usualTimestamp(four: number, two: number): number {
  const low =
    (four & 127) |
    (((four >>> 8) & 127) << 7) |
    (((four >>> 16) & 127) << 14) |
    (((four >>> 24) & 127) << 21);
  return low + ((two & 127) | ((two >>> 1) & 0x3f80)) * 2 ** 28;
}
