import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const levels = ["info", "info", "warn", "error"];
export const longLine = `long line ${"x".repeat(100_000)} end`;
export const hostile = `<img src=x onerror="document.title='owned'"> <script>document.title='owned'</script>`;

/** Lines of an application in JSON, of a server as text, and such as try a page. */
export function writeShopLogs(folder: string): void {
  mkdirSync(folder);
  const shop = Array.from({ length: 1_200 }, (_, i) =>
    JSON.stringify({
      level: levels[i % 4],
      msg: `order ${i} done`,
      user: i % 3 === 0 ? "bob" : "alice",
      cart: { items: i % 5 },
    }),
  );
  writeFileSync(join(folder, "shop.log"), `${shop.join("\n")}\n`);
  const web = Array.from(
    { length: 40 },
    (_, i) => `GET /page/${i} took ${i} ms status=${i % 2 === 0 ? 200 : 502}`,
  );
  writeFileSync(join(folder, "web.log"), `${web.join("\n")}\n`);
  const odd = [
    hostile,
    "\u001b[31mred alarm\u001b[0m in plain",
    longLine,
    "needle before",
    "needle itself",
    "needle after",
  ];
  writeFileSync(join(folder, "odd.log"), `${odd.join("\n")}\n`);
}
