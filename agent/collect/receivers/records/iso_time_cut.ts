const [dot, colon, zero, zulu] = [0x2e, 0x3a, 0x30, 0x5a];
/** "2006-01-02T15:04:05". */
const secondBytes = 19;
const nanoDigits = 9;
/** "+02:00". */
const zoneBytes = 6;
const zoneDigits = [1, 2, 4, 5] as const;

/** Where the second of a time in RFC 3339 ends, and what its fraction is. It only finds borders: whether the second is one must be asked. */
export class IsoTimeCut {
  secondEnd = 0;
  /** Of the fraction of the second. */
  nanos = 0;
  /** A number for the zone that stands behind: 0 for Z. */
  zone = 0;

  /** Finds the time that begins at `start`; gives where it ends, or -1 where it is of another form. */
  find(bytes: Uint8Array, start: number): number {
    this.secondEnd = start + secondBytes;
    this.nanos = 0;
    this.zone = 0;
    let at = this.secondEnd;
    if (bytes[at] === dot) {
      const first = ++at;
      for (; at < first + nanoDigits; at++) {
        const digit = (bytes[at] ?? 0) - zero;
        if (digit < 0 || digit > 9) break;
        this.nanos = 10 * this.nanos + digit;
      }
      if (at === first) return -1;
      for (let digits = at - first; digits < nanoDigits; digits++) this.nanos *= 10;
    }
    if (bytes[at] === zulu) return at + 1;
    // "+hh:mm": the sign's byte, and four digits.
    if (bytes[at + 3] !== colon) return -1;
    this.zone = bytes[at] ?? 0;
    for (const place of zoneDigits) {
      const digit = (bytes[at + place] ?? 0) - zero;
      if (digit < 0 || digit > 9) return -1;
      this.zone = 10 * this.zone + digit;
    }
    return at + zoneBytes;
  }
}
