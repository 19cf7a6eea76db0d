import type { Frame } from "../../frames/frame.ts";
import { frameOf, texts, timeField } from "../parts/sample_frames.ts";

/** Lines of two services, one of them in colour. */
export function sampleLogs(): readonly Frame[] {
  const lines = [
    'level=info msg="request served" path=/api/v1/query status=200 duration=14ms',
    'level=warn msg="slow request" path=/api/v1/query_range duration=2.1s',
    '{"level":"error","msg":"upstream refused","upstream":"db-2:5432","attempt":3}',
    "\u001b[32mready\u001b[0m in \u001b[1m312 ms\u001b[0m, listening on \u001b[36m0.0.0.0:8080\u001b[0m",
    'level=debug msg="cache miss" key=user:1841',
  ];
  const length = 20;
  const labels = lines.map((_, i) => ({ job: "shop", service: i % 2 === 0 ? "checkout" : "cart" }));
  return [
    frameOf("", [
      timeField(length),
      texts(
        "line",
        Array.from({ length }, (_, i) => lines[i % lines.length] ?? ""),
      ),
      {
        name: "labels",
        type: "other",
        labels: {},
        options: {},
        values: Array.from({ length }, (_, i) => labels[i % labels.length]),
      },
    ]),
  ];
}
