import { expect, test } from "bun:test";
import { z } from "zod";
import { chartParts, formOf, png, sendBy, serviceOf } from "../service.fixture.ts";
import { jira } from "./send.ts";

let category: string | undefined;
let hasForms = true;
const { url, received } = serviceOf(({ path, headers }) => {
  const issue = { key: "OPS-1", fields: { status: { statusCategory: { key: category } } } };
  if (path.includes("/search")) return Response.json({ issues: category ? [issue] : [] });
  if (path.endsWith("/transitions"))
    return Response.json({ transitions: [{ id: "7", name: "Reopen" }] });
  if (!path.endsWith("/attachments")) return Response.json({ key: "OPS-1" });
  const isChecked = headers.get("x-atlassian-token") === "no-check";
  return hasForms && isChecked ? Response.json([{}]) : new Response("XSRF", { status: 403 });
});
const config = {
  api_url: `${url}/rest/api/2`,
  project: "OPS",
  issue_type: "Bug",
  reopen_transition: "Reopen",
  chart: true,
};
const send = (more: object = {}) => sendBy(jira, { ...config, ...more }, { parts: chartParts });

test("jira attaches the chart to an issue that it makes", async () => {
  category = undefined;
  expect(await send()).toMatchObject({ kind: "sent", answer: expect.stringMatching(/^200 /) });
  const [made, attachment] = received.slice(-2);
  expect(attachment?.path).toBe("/rest/api/2/issue/OPS-1/attachments");
  expect(attachment === undefined ? [] : (await formOf(attachment)).files).toEqual([
    { field: "file", name: "chart.png", type: "image/png", bytes: png },
  ]);
  const description = z
    .object({ fields: z.looseObject({ description: z.string().max(32_767) }) })
    .parse(JSON.parse(made?.body ?? "")).fields.description;
  expect(description).toContain("Value: 97.2 % (fires if > 90 %)\n");
  expect(description).toContain("[Runbook|https://runbooks.example/disk?a=1&b=2]");
});

test("descriptions of version 3 have the facts as paragraphs, and links", async () => {
  category = undefined;
  await send({ api_url: `${url}/rest/api/3` });
  const made = received.find(({ path }) => path === "/rest/api/3/issue");
  expect(JSON.parse(made?.body ?? "")).toMatchObject({
    fields: {
      description: {
        type: "doc",
        content: expect.arrayContaining([
          { type: "paragraph", content: [{ type: "text", text: "Changed: began to fire & more" }] },
          {
            type: "paragraph",
            content: expect.arrayContaining([
              {
                type: "text",
                text: "Query",
                marks: [{ type: "link", attrs: { href: "http://lapwing.example/graph?x=1&y=2" } }],
              },
            ]),
          },
        ]),
      },
    },
  });
});

test("an issue that stays open gets no other chart, and one that is opened again does", async () => {
  category = "new";
  await send();
  expect(received.at(-1)?.path).toBe("/rest/api/2/issue/OPS-1");
  category = "done";
  expect(await send()).toMatchObject({ kind: "sent" });
  expect(received.at(-1)?.path).toBe("/rest/api/2/issue/OPS-1/attachments");
});

test("a chart that jira refuses costs no issue", async () => {
  [category, hasForms] = [undefined, false];
  expect(await send()).toMatchObject({
    kind: "sent",
    answer: expect.stringContaining("without the chart"),
  });
});
