import type { DuckDBConnection } from "@duckdb/node-api";
import type { SeriesSamples } from "../query/source.ts";
import type { KnownTexts } from "./labels_text.ts";
import { joinPieces } from "./merge_series.ts";
import { parquetList } from "./metrics_reader.ts";
import { decodeValues } from "./value_codec.ts";
import { readFloatLists, readFloats, readTexts, readUint32Lists } from "./vectors.ts";

/** All series of some files, each whole, in the order of a block. Memory holds one series; DuckDB sorts, on disk where it must. `condition` is SQL on the columns. */
export async function* seriesInOrder(
  connection: DuckDBConnection,
  paths: readonly string[],
  known: KnownTexts,
  condition = "true",
): AsyncGenerator<SeriesSamples> {
  const result = await connection.stream(`
    SELECT name, labels, t_min::DOUBLE, v_divisor, t, v FROM ${parquetList(paths)}
    WHERE ${condition} ORDER BY name, labels, file_index, t_min`);
  let current = "";
  let pieces: SeriesSamples[] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const names = readTexts(chunk, 0);
    const texts = readTexts(chunk, 1);
    const tMin = readFloats(chunk, 2);
    const divisors = readFloats(chunk, 3);
    const times = readUint32Lists(chunk, 4);
    const values = readFloatLists(chunk, 5);
    for (let row = 0; row < chunk.rowCount; row++) {
      const key = `${names[row]}\0${texts[row]}`;
      if (key !== current && pieces.length > 0) yield joinPieces(pieces.splice(0));
      current = key;
      const count = times.lengths[row] ?? 0;
      const start = times.starts[row] ?? 0;
      const timestampsMs = new Float64Array(count);
      for (let i = 0; i < count; i++)
        timestampsMs[i] = (tMin[row] ?? 0) + (times.values[start + i] ?? 0);
      const decoded = new Float64Array(count);
      decodeValues(values.values, values.starts[row] ?? 0, count, divisors[row] ?? 0, decoded, 0);
      const { labels } = known.get(names[row] ?? "", texts[row] ?? "{}");
      pieces.push({ labels, timestampsMs, values: decoded });
    }
  }
  if (pieces.length > 0) yield joinPieces(pieces);
}
