import { expect, test } from "bun:test";
import { severityOf } from "./severity.ts";

const lines: readonly (readonly [line: string, severity: number])[] = [
  ["2026-01-31T10:00:00Z INFO started", 9],
  ["2026-01-31 10:00:00,123 [main] WARN com.example.Main - slow", 13],
  ["[2026-01-31 10:00:00] app.ERROR: broken", 17],
  ["2026/01/31 10:00:00 [error] 12#12: *1 open() failed", 17],
  ["2026/01/31 10:00:00 [notice] 1#1: start", 9],
  ["error: cannot open file", 17],
  ["Warning: this is deprecated", 13],
  ["no error in a sentence, and information", 0],
  ["terror: of words", 0],
  ["INFORMATION_SCHEMA read", 0],
  ["level=warn msg=slow", 13],
  ["ts=1 lvl=DEBUG error: in the message", 5],
  [`{"time":"x","level":"error","msg":"INFO"}`, 17],
  [`{"level": "Fatal"}`, 21],
  [`{"level":30,"msg":"pino"}`, 9],
  [`{"level":300}`, 0],
  [`{"severity":"WARNING"}`, 13],
  [`{"severity_text":"TRACE"}`, 1],
  [`{"msg":"ERROR inside a text is not the level"}`, 0],
  ["E1121 05:49:26.000000 1 klog.go:1] broken", 17],
  ["I1121 05:49:26.000000 1 klog.go:1] fine", 9],
  ["FATAL:  role does not exist", 21],
  ["level=", 0],
  ["", 0],
  ["\u001b[32mINFO\u001b[0m login of anna", 9],
  ["10:00:00 \u001b[1;38;5;196mERROR\u001b[0m broken", 17],
  ["\u001b[33mwarn\u001b[39m: slow", 13],
  ["[\u001b[31merror\u001b[0m] broken", 17],
  ["\u001b[36mlevel=\u001b[0mdebug msg=x", 5],
  ["\u001b]8;;http://x/ERROR\u0007link\u001b]8;;\u001b\\ WARN here", 13],
  ["\u001b[32mE1121 05:49:26.000000 1 klog.go:1] broken\u001b[0m", 17],
  ["\u001b[32ma plain sentence of an error\u001b[0m", 0],
  ["\u001b", 0],
  ["\u001b[", 0],
  ["\u001b]never ends ERROR", 0],
  ["\u001b[0m".repeat(2_000), 0],
];

test("severityOf() reads levels as the usual formats write them", () => {
  for (const [line, severity] of lines) {
    const bytes = Buffer.from(`ERROR ${line} ERROR`);
    expect([line, severityOf(bytes, 6, bytes.length - 6)]).toEqual([line, severity]);
  }
});
