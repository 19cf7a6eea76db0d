// Hot: guarded by `bench remote_write`.

/** A power of two. */
const sets = 2_048;
/** Longer texts are rarely the same. */
const pooledMax = 128;
const asciiMax = 127;
const prime = 0x01000193;

/**
 * One string for equal texts, such as the names and values of labels, as long as they keep coming. A text that is kept for long should come from
 * here: it is a copy with memory of its own, where a slice of a request would keep the whole request alive. Bounded: each set holds the two
 * texts that were used last, and newer ones replace them.
 */
export class TextPool {
  /** Two places a set, the one used last first. Made when first needed: most agents take no pushes. */
  #texts: string[] = [];
  #copied = Buffer.alloc(0);

  /** An equal text, with memory of its own. */
  of(text: string): string {
    const { length } = text;
    if (length === 0 || length > pooledMax) return copyOf(text);
    if (this.#texts.length === 0) {
      this.#texts = Array.from({ length: 2 * sets }, () => "");
      this.#copied = Buffer.alloc(pooledMax);
    }
    const [texts, copied] = [this.#texts, this.#copied];
    let hash = 0x811c9dc5;
    let all = 0;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      copied[i] = unit;
      all |= unit;
      hash = Math.imul(hash ^ unit, prime);
    }
    const place = 2 * ((hash ^ (hash >>> 15)) & (sets - 1));
    const last = texts[place] ?? "";
    if (last === text) return last;
    const before = texts[place + 1] ?? "";
    const found =
      before === text
        ? before
        : all > asciiMax
          ? copyOf(text)
          : copied.toString("latin1", 0, length);
    texts[place + 1] = last;
    texts[place] = found;
    return found;
  }
}

/** As UTF-16, so that unpaired surrogates stay as they are. */
function copyOf(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
