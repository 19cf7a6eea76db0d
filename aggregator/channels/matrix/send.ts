import { httpChannel, sent } from "../http_channel.ts";
import { matrixMessage, transactionOf } from "./message.ts";
import { MatrixConfig } from "./schema.ts";

/** A repeated notification is a message of its own after so long. */
const repeatMs = 10 * 60_000;

/** Messages in a room of Matrix. */
export const matrix = httpChannel<MatrixConfig>({
  name: "matrix",
  title: "Matrix",
  schema: MatrixConfig,
  send: async (config, { notification, texts, parts, secret, ask }) => {
    const token = await secret(config.access_token, config.access_token_file);
    const json = matrixMessage(config, texts);
    const at = String(Math.floor(parts.now() / repeatMs));
    const transaction = transactionOf(notification, `${at}\0${JSON.stringify(json)}`);
    const room = encodeURIComponent(texts.text(config.room_id));
    const base = config.homeserver_url.replace(/\/$/, "");
    const url = `${base}/_matrix/client/v3/rooms/${room}/send/m.room.message/${transaction}`;
    return sent(
      await ask({ method: "PUT", url, headers: { Authorization: `Bearer ${token}` }, json }),
    );
  },
});
