import { expect, test } from "bun:test";
import { hostName } from "#shared/runtime/config/base_config.ts";
import { instanceLabel } from "./instance_label.ts";

test("instanceLabel() says places of this host alone with the host's name, and leaves others", () => {
  const labels = {
    "127.0.0.1:6379": "web-1:6379",
    "127.0.1.1": "web-1",
    "localhost:22": "web-1:22",
    "[::1]:11211": "web-1:11211",
    "tcp://127.0.0.1:9000/status": "tcp://web-1:9000/status",
    "/run/redis.sock": "web-1:/run/redis.sock",
    "unix:///run/php.sock;/status": "unix://web-1:/run/php.sock;/status",
    [hostName()]: "web-1",
    [`${hostName()}/backup`]: "web-1/backup",
    "10.0.0.7:6379": "10.0.0.7:6379",
    "db.example:5432": "db.example:5432",
    "localhost.example:80": "localhost.example:80",
    "1270.0.0.1": "1270.0.0.1",
  };
  expect(Object.keys(labels).map((place) => instanceLabel(place, "web-1"))).toEqual(
    Object.values(labels),
  );
});
