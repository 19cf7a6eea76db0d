/** `bun run docs:rooms`: draws the rooms in docs/architecture.md again; a tidy test says when that is needed. */
import { withRooms } from "../test/tidy/room_picture.ts";

const path = new URL("../docs/architecture.md", import.meta.url);
await Bun.write(path, withRooms(await Bun.file(path).text()));
