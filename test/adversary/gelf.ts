import { deflateSync } from "node:zlib";
import { sendDatagrams } from "./datagrams.ts";

const repeated = (one: Uint8Array, count: number) => Array.from({ length: count }, () => one);

type GelfBombs = { readonly datagrams?: number; readonly unpackedBytes?: number };

/** Datagrams of some KB each, which unpack to 8 MB of one long field. */
export async function sendGelfBombs(
  port: number,
  { datagrams = 300, unpackedBytes = 8_000_000 }: GelfBombs = {},
): Promise<void> {
  const head = '{"version":"1.1","host":"h","short_message":"';
  const text = `${head}${"a".repeat(unpackedBytes - head.length - 2)}"}`;
  await sendDatagrams(port, repeated(deflateSync(text, { level: 9 }), datagrams));
}

/** First chunks of messages that never come whole. */
export async function sendGelfChunks(port: number, messages = 20_000): Promise<void> {
  const chunks = Array.from({ length: messages }, (_, i) => {
    const chunk = Buffer.alloc(1_400, 97);
    chunk.writeUInt16BE(0x1e0f, 0);
    chunk.writeBigUInt64BE(BigInt(i), 2);
    chunk.set([0, 128], 10);
    return chunk;
  });
  await sendDatagrams(port, chunks);
}
