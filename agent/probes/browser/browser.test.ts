import { afterAll, expect, test } from "bun:test";
import { Cidr, checkGuard } from "../net/address_guard.ts";
import { probe } from "#test/support/probing.ts";

const page = `<!doctype html><title>shop</title><h1>Welcome</h1><img src="/none.png"><script>
  setTimeout(() => { document.body.insertAdjacentHTML("beforeend", "<p id=late>ready to order</p>"); }, 50);
</script>`;
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    const { pathname } = new URL(request.url);
    const headers = { "Content-Type": "text/html" };
    if (pathname === "/") return new Response(page, { headers });
    if (pathname === "/away") return Response.redirect("http://127.0.0.9:8080/");
    return new Response("<p>none</p>", { status: 404, headers });
  },
});
afterAll(() => server.stop(true));
const target = `http://127.0.0.1:${server.port}`;
const hasBrowser = Bun.which("chromium") !== null;
const long = { timeoutMs: 20_000 };

test.skipIf(!hasBrowser)(
  "a page is loaded, what is waited for comes, and its times are told",
  async () => {
    const module = "{prober: browser, browser: {wait_for: {selector: '#late', text: ready to}}}";
    const { isGood, samples, reason } = await probe(module, target, long);
    expect([isGood, reason]).toEqual([true, ""]);
    for (const phase of ["launch", "response", "dom", "load", "wait"])
      expect(
        samples.get(`lapwing_probe_browser_duration_seconds{phase="${phase}"}`),
      ).toBeGreaterThan(0);
    expect(samples.get("lapwing_probe_browser_status_code")).toBe(200);
    expect(samples.get("lapwing_probe_browser_failed_requests")).toBeGreaterThan(0);
  },
  30_000,
);

test.skipIf(!hasBrowser)(
  "a page that leads to forbidden addresses does not get there",
  async () => {
    const guard = checkGuard([Cidr.parse("127.0.0.9")]);
    const { isGood, isForbidden } = await probe("{prober: browser}", `${target}/away`, {
      ...long,
      guard,
    });
    expect([isGood, isForbidden]).toEqual([false, true]);
  },
  30_000,
);

test("without a browser the probe says so", async () => {
  const { isGood, reason } = await probe(
    "{prober: browser, browser: {executable: /no/such}}",
    target,
  );
  expect(isGood).toBe(false);
  expect(reason).toContain("/no/such");
});
