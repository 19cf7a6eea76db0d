type NoteLevel = "debug" | "info" | "warn" | "error";
type NoteFields = Readonly<Record<string, string | number | boolean>>;

/** Notes of one probe that are kept; the first ones tell how it went. */
const notesMax = 500;
const valueLengthMax = 1_024;

/** What a probe tells of itself, for the debug output and for the reason of a failure. Never hand it a secret. */
export class ProbeNotes {
  readonly #now: () => number;
  readonly #lines: string[] = [];
  #dropped = 0;
  /** The last note of level error: why the probe failed. */
  reason = "";

  constructor(now: () => number) {
    this.#now = now;
  }

  debug(message: string, fields?: NoteFields): void {
    this.#note("debug", message, fields);
  }

  info(message: string, fields?: NoteFields): void {
    this.#note("info", message, fields);
  }

  warn(message: string, fields?: NoteFields): void {
    this.#note("warn", message, fields);
  }

  /** Why the probe fails. */
  error(message: string, fields: NoteFields = {}): void {
    this.#note("error", message, fields);
    const details = Object.entries(fields).map(([name, value]) => `${name} ${cut(String(value))}`);
    this.reason = details.length === 0 ? message : `${message}: ${details.join(", ")}`;
  }

  /** Lines of logfmt. */
  text(): string {
    const rest = this.#dropped === 0 ? [] : [`... ${this.#dropped} more notes`];
    return [...this.#lines, ...rest].map((line) => `${line}\n`).join("");
  }

  #note(level: NoteLevel, message: string, fields: NoteFields = {}): void {
    if (this.#lines.length >= notesMax) {
      this.#dropped++;
      return;
    }
    const time = new Date(this.#now()).toISOString();
    const pairs = Object.entries(fields).map(
      ([name, value]) => ` ${name}=${quoted(String(value))}`,
    );
    this.#lines.push(`time=${time} level=${level} msg=${quoted(message)}${pairs.join("")}`);
  }
}

function cut(value: string): string {
  return value.length <= valueLengthMax ? value : `${value.slice(0, valueLengthMax)}...`;
}

function quoted(value: string): string {
  const short = cut(value);
  return /^[\w.:/@+-]+$/.test(short) ? short : JSON.stringify(short);
}
