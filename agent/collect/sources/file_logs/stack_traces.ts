import { severity } from "#shared/model/logs.ts";
import { severityOf } from "./severity.ts";
import type { LineJoiner, Verdict } from "./line_joiner.ts";

/** Whose rules hold beside those for all: what the record so far looks like. */
type State =
  | "plain"
  | "python"
  | "python_end"
  | "python_link"
  | "go"
  | "php"
  | "node_head"
  | "node";

/** Frames of all runtimes that indent them: Java, Kotlin, .NET, Node ("at "), Ruby ("from "), Perl ("called at"). */
const frame =
  /^\s+(?:at\s|\.\.\. \d+ |from \S+:\d+|--- End of|.* called at .+ line \d+)|^\s+(?:Caused by|Suppressed): |^ ---> |^--- End of /;
const cause = /^(?:Caused by|Suppressed): /;
/** `java.lang.IllegalStateException: why`, `System.InvalidOperationException: why`, `com.x.FooError`. */
const qualifiedException =
  /^(?:[a-zA-Z_$][\w$]*\.)+[\w$]*(?:Exception|Error|Throwable|Failure)(?::|$)/;
const traceback = /^\s*(?:\+ Exception Group )?Traceback \(most recent call last\):/;
const pythonLink =
  /^(?:During handling of the above exception, another exception occurred:|The above exception was the direct cause of the following exception:)$/;
const goStart = /^(?:panic: |fatal error: |goroutine \d+ \[|http: panic serving )/;
const goLine =
  /^(?:goroutine \d+ \[|\t|\[signal |created by |exit status \d+$|panic: |runtime stack:|\.\.\.additional frames elided|[\w.\-/*()[\]{}·]+\(.*\)$)/;
const phpStart =
  /^(?:\[.*\] )?(?:PHP )?(?:Fatal error|Warning|Notice|Parse error|Catchable fatal error): |Uncaught /;
const phpLine = /^(?:(?:PHP )?Stack trace:$|(?:PHP +\d+\.|#\d+) |  thrown in |Next [\w\\]+)/;
const nodeHead = /^(?:file:\/\/)?\/\S.*:\d+$/;
const nodeError = /^(?:Uncaught )?(?:[\w$.]*(?:Error|Exception)\b|\[?[A-Z]\w*Error)/;

/**
 * Knows by itself which lines belong to a stack trace: of Java, Python, Go, Node, Ruby, PHP, .NET and Perl, in the forms that their
 * runtimes print. A trace belongs to the line before it, if that is an error; all other lines are records of their own.
 */
export function stackTraces(): LineJoiner {
  let state: State = "plain";
  /** The record is an error's line so far, after which its trace may follow. */
  let isError = false;
  let headLines = 0;
  return {
    start(line) {
      headLines = 0;
      isError = isErrorLine(line);
      state = traceback.test(line)
        ? "python"
        : goStart.test(line)
          ? "go"
          : nodeHead.test(line)
            ? "node_head"
            : phpStart.test(line)
              ? "php"
              : "plain";
    },
    continues(line): Verdict {
      const wasError = isError;
      if (line !== "") isError = false;
      if (state === "node_head") {
        // A place, the line of source that stands there, a mark below it, and then the error.
        if (!nodeError.test(line)) return ++headLines > nodeHeadLinesMax ? "no" : "maybe";
        state = "node";
        return "yes";
      }
      if (frame.test(line)) {
        if (state === "plain" && /^ {4}at /.test(line)) state = "node";
        return "yes";
      }
      if (cause.test(line)) return "yes";
      const own = byState(state, line);
      if (own !== undefined) {
        state = own.next;
        return own.verdict;
      }
      if (traceback.test(line) && wasError) {
        state = "python";
        return "yes";
      }
      if (goStart.test(line) && wasError) {
        state = "go";
        return "yes";
      }
      return wasError && qualifiedException.test(line) ? "yes" : "no";
    },
  };
}

function byState(state: State, line: string): { verdict: Verdict; next: State } | undefined {
  switch (state) {
    case "python":
      // Frames are indented; the first line that is not names the exception, and ends the trace.
      if (line === "") return { verdict: "maybe", next: state };
      return { verdict: "yes", next: /^\s/.test(line) ? "python" : "python_end" };
    case "python_end":
      if (line === "") return { verdict: "maybe", next: state };
      return pythonLink.test(line) ? { verdict: "yes", next: "python_link" } : undefined;
    case "python_link":
      if (line === "") return { verdict: "maybe", next: state };
      return traceback.test(line) ? { verdict: "yes", next: "python" } : undefined;
    case "go":
      if (line === "") return { verdict: "maybe", next: state };
      return goLine.test(line) ? { verdict: "yes", next: state } : undefined;
    case "php":
      if (line === "") return { verdict: "maybe", next: state };
      return phpLine.test(line) ? { verdict: "yes", next: state } : undefined;
    case "node":
      if (line === "") return { verdict: "maybe", next: state };
      return /^(?:\s+\S|\}|\] ?\{?$|Node\.js v\d)/.test(line)
        ? { verdict: "yes", next: state }
        : undefined;
    default:
      return undefined;
  }
}

const nodeHeadLinesMax = 8;
const scanned = Buffer.alloc(1_024);

function isErrorLine(line: string): boolean {
  const length = scanned.write(line.slice(0, 256));
  return severityOf(scanned, 0, length) >= severity.error || /\b(?:exception|error)\b/i.test(line);
}
