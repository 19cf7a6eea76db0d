import { expect, test } from "bun:test";
import { runScript } from "./promql_runner.ts";

/** What the shared scripts leave out: aggregations, info(), and the corners of durations and fill values. */
const script = `
load 1m
  m{g="a", n="1"} 1 2 4
  m{g="a", n="2"} 3 NaN 8
  m{g="b", n="3"} 5 5 _

eval range from 0 to 2m step 1m sum by (g) (m)
  {g="a"} 4 NaN 12
  {g="b"} 5 5 5

eval range from 0 to 2m step 1m avg without (n) (m)
  {g="a"} 2 NaN 6
  {g="b"} 5 5 5

eval range from 0 to 2m step 1m max(m)
  {} 5 5 8

eval range from 0 to 2m step 1m min(m)
  {} 1 2 4

eval range from 0 to 2m step 1m count by (g) (m)
  {g="a"} 2 2 2
  {g="b"} 1 1 1

eval instant at 0 group(m)
  {} 1

eval instant at 0 stddev by (g) (m)
  {g="a"} 1
  {g="b"} 0

eval instant at 2m stdvar by (g) (m)
  {g="a"} 4
  {g="b"} 0

eval instant at 0 quantile(0.5, m)
  {} 3

eval instant at 0 quantile(2, m)
  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)
  {} +Inf

eval instant at 1m topk(2, m)
  expect ordered
  m{g="b", n="3"} 5
  m{g="a", n="1"} 2

eval instant at 1m bottomk(3, m)
  expect ordered
  m{g="a", n="1"} 2
  m{g="b", n="3"} 5
  m{g="a", n="2"} NaN

eval range from 0 to 2m step 1m topk(1, m)
  m{g="b", n="3"} 5 5
  m{g="a", n="2"} _ _ 8

eval instant at 0 topk(NaN, m)
  expect fail msg: Parameter value is NaN

eval range from 0 to 1m step 1m count_values by (g) ("v", m > 1)
  {g="a", v="2"} _ 1
  {g="a", v="3"} 1
  {g="b", v="5"} 1 1

eval instant at 0 count(limitk(2, m))
  {} 2

eval instant at 2m (m{n="1"} offset -2 ^ 2) * 0 + 1
  {g="a", n="1"} 1

eval instant at 0 sum by (g) (m) + on (g) fill_right(10) sum by (g) (m{g="a"})
  {g="a"} 8
  {g="b"} 15

eval range from 0 to 4m step 2m sum_over_time(m{n="1"}[step()])
  {g="a", n="1"} 1 6

clear

load 1m
  served{instance="a", job="j"} 1 2
  served{instance="b", job="j"} 3 4
  target_info{instance="a", job="j", version="1", zone="x"} 1 _
  target_info{instance="a", job="j", version="2", zone="x"} _ 1
  build_info{instance="a", job="j", commit="c"} 1 1

eval range from 0 to 1m step 1m info(served)
  served{instance="a", job="j", version="1", zone="x"} 1
  served{instance="a", job="j", version="2", zone="x"} _ 2
  served{instance="b", job="j"} 3 4

eval instant at 0 info(served, {zone=~".+"})
  served{instance="a", job="j", zone="x"} 1

eval instant at 0 info(served{instance="a"}, {__name__="build_info"})
  served{instance="a", job="j", commit="c"} 1
`;

test("aggregations, info(), durations and fill values work as written in their script", async () => {
  const { passed, failures } = await runScript("aggregates", script);
  expect(failures).toEqual([]);
  expect(passed).toBe(22);
});
