import { expect, test } from "bun:test";
import { compileTemplate } from "./template.ts";
import { ExecutionError } from "./values.ts";

const labels: Record<string, string> = {
  a: "x",
  n: "12",
  json: '{"k":{"v":[1,2.5,"s"]},"nil":null}',
  ts: "1673798889",
  msg: "Hello, World",
};
const input = {
  label: (name: string) => (Object.hasOwn(labels, name) ? labels[name] : undefined),
  labels: () => labels,
  line: () => "the line",
  timeNs: () => 1_673_798_889_902_000_000n,
};
const run = (source: string) => compileTemplate(source).execute(input);

test.each([
  ["plain", "plain"],
  ["{{.a}}-{{ .none }}-", "x--"],
  ["{{- .a -}}  y", "xy"],
  ["a {{/* no */}} b", "a  b"],
  ['{{ `raw "q"` }}{{ "q\\n" }}', 'raw "q"q\n'],
  ['{{if .a}}yes{{else}}no{{end}}{{if .none}}yes{{else if eq .a "x"}}x{{end}}', "yesx"],
  ["{{with .a}}[{{.}}]{{end}}{{with .none}}{{else}}none{{end}}", "[x]none"],
  [
    "{{range $i, $e := (fromJson .json).k.v}}{{if $i}},{{end}}{{$i}}={{$e}}{{end}}",
    "0=1,1=2.5,2=s",
  ],
  ['{{range (fromJson "[]")}}x{{else}}empty{{end}}', "empty"],
  ["{{range 3}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{end}}", "02"],
  ["{{range 9}}{{if ge . 2}}{{break}}{{end}}{{.}}{{end}}", "01"],
  ['{{$x := .a}}{{$x}}{{$x = "y"}}{{$x}}{{if true}}{{$x = "z"}}{{end}}{{$x}}', "xyz"],
  ['{{.a | upper | printf "%s-%d" | len}}', "14"],
  [
    '{{ printf "%.3g|%.1f|%.0f|%.4g|%e|%f" 1234.5 0.25 2.5 1234.5 0.0 1e22 }}',
    "1.23e+03|0.2|2|1234|0.000000e+00|10000000000000000000000.000000",
  ],
  [
    '{{ printf "%5.2f|%-4s|%04d|%q|%x|%v%%" 3.14159 "ab" 7 "q" 255 true }}',
    ' 3.14|ab  |0007|"q"|ff|true%',
  ],
  ["{{ and .a .none }}|{{ or .none .a }}|{{ not .none }}", "|x|true"],
  [
    '{{ eq .a "y" "x" }} {{ ne .a "x" }} {{ lt 1 2 }} {{ ge 2 2 }} {{ gt "b" "a" }}',
    "true false true true true",
  ],
  ['{{ index (fromJson .json) "k" "v" 2 }} {{ len .msg }} {{ slice .msg 0 5 }}', "s 12 Hello"],
  ["{{ (fromJson .json).none }} {{ (fromJson .json).nil }}", "<no value> <no value>"],
  [
    '{{ ToUpper .a }}{{ ToLower "AB" }}{{ lower "C" }}{{ upper "d" }}{{ title "hello world" }}',
    "XabcDHello World",
  ],
  ['{{ Replace "aaa" "a" "b" 2 }}{{ replace "a" "c" "aaa" }}{{ repeat 3 "z" }}', "bbaccczzz"],
  [
    '{{ Trim "--x--" "-" }}{{ TrimLeft "--x-" "-" }}{{ TrimRight "-x--" "-" }}{{ TrimSpace "  y " }}',
    "xx--xy",
  ],
  [
    '{{ TrimPrefix "pre-x" "pre-" }}{{ TrimSuffix "x.log" ".log" }}{{ trimPrefix "a" "ab" }}{{ trimSuffix "b" "ab" }}{{ trimAll "$" "$5$" }}',
    "xxba5",
  ],
  [
    '{{ trunc 3 "hello" }}{{ trunc -2 "hello" }}{{ substr 1 3 "hello" }}{{ substr -1 2 "hello" }}',
    "helloelhe",
  ],
  [
    '{{ contains "el" "hello" }}{{ hasPrefix "he" "hello" }}{{ hasSuffix "x" "hello" }}',
    "truetruefalse",
  ],
  [
    '{{ alignLeft 4 "ab" }}|{{ alignRight 4 "ab" }}|{{ alignLeft 1 "ab" }}|{{ alignRight 1 "ab" }}',
    "ab  |  ab|a|b",
  ],
  ['{{ indent 2 "a\\nb" }}{{ nindent 1 "c" }}', "  a\n  b\n c"],
  [
    '{{ regexReplaceAll "(a+)b" "aabab" "<${1}>" }}{{ regexReplaceAllLiteral "a" "aa" "$1" }}{{ count "a." "abac" }}',
    "<aa><a>$1$12",
  ],
  ['{{ urlencode "a b&c/é" }} {{ urldecode "a+b%26" }}', "a+b%26c%2F%C3%A9 a b&"],
  ['{{ b64enc "hi" }} {{ b64dec "aGk" }}', "aGk= hi"],
  ['{{ add 1 2 3 }} {{ sub 5 "2" }} {{ mul 2 3 }} {{ div 7 2 }} {{ mod 7 4 }}', "6 3 6 3 3"],
  ["{{ addf 0.1 0.2 }} {{ subf 1 0.9 }} {{ mulf 1.5 3 }} {{ divf 1 4 }}", "0.3 0.1 4.5 0.25"],
  [
    '{{ bytes "3MB" }} {{ mulf 1234567 1 }} {{ addf 999999 0 }} {{ mulf 1e5 10 }} {{ divf 1 10000 }} {{ divf 1 20000 }}',
    "3e+06 1.234567e+06 999999 1e+06 0.0001 5e-05",
  ],
  [
    '{{ fromJson "[1700000000,0,-2500000]" }} {{ printf "%v" 12345678.5 }}',
    "[1.7e+09 0 -2.5e+06] 1.23456785e+07",
  ],
  [
    "{{ divf 1 3 }} {{ divf 10 3 }} {{ divf -2 3 }}",
    "0.3333333333333333 3.3333333333333335 -0.6666666666666667",
  ],
  ["{{ divf 7 2 2 }} {{ mulf 1e20 10 }} {{ subf 1.1 1 }}", "1.75 1e+21 0.1"],
  ["{{ round -3.7 0 }} {{ round -3.2 0 }}", "-4 -4"],
  [
    `{{ fromJson "[1,null,{\\"a\\":null}]" }}{{ range $i, $e := fromJson "[null,2]" }} {{ $i }}={{ $e }}{{ end }}`,
    "[1 <nil> map[a:<nil>]] 0=<no value> 1=2",
  ],
  ["{{ max 1 3 2 }} {{ min 1 3 2 }} {{ maxf 1.5 0.5 }} {{ minf 1.5 0.5 }}", "3 1 1.5 0.5"],
  ["{{ ceil 1.2 }} {{ floor 1.8 }} {{ round 1.2345 2 }} {{ round 1.5 0 }}", "2 1 1.23 2"],
  ['{{ int "42" }} {{ int 3.9 }} {{ float64 "1.5" }} {{ int "x" }}', "42 3 1.5 0"],
  ['{{ bytes "2KB" }} {{ duration "1h2m" }} {{ duration_seconds "250ms" }}', "2000 3720 0.25"],
  ['{{ default "-" .none }}{{ .none | default "+" }}{{ default "-" .a }}', "-+x"],
  [
    '{{ __line__ }}|{{ __timestamp__ | date "2006-01-02T15:04:05.000Z07:00" }}',
    "the line|2023-01-15T16:08:09.902Z",
  ],
  ["{{ __timestamp__ }}", "2023-01-15 16:08:09.902 +0000 UTC"],
  [
    "{{ unixEpoch __timestamp__ }} {{ unixEpochMillis __timestamp__ }} {{ unixEpochNanos __timestamp__ }}",
    "1673798889 1673798889902 1673798889902000000",
  ],
  ['{{ unixToTime .ts | date "Jan _2 06 3:04PM Mon" }}', "Jan 15 23 4:08PM Sun"],
  ['{{ toDate "2006-01-02 15:04" "2023-06-01 09:30" | unixEpoch }}', "1685611800"],
  [
    '{{ toDateInZone "2006-01-02T15:04:05" "Europe/Berlin" "2023-06-01T11:30:00" | unixEpoch }}',
    "1685611800",
  ],
  ["{{ .n | int | add 1 }} {{ 1e3 }} {{ 0x10 }} {{ 'a' }}", "13 1000 16 97"],
  ["{{range $k, $v := .}}{{$k}} {{end}}", "a json msg n ts "],
])("a template %s gives what Go's does", (source, expected) => {
  expect(run(source)).toBe(expected);
});
test.each([
  "{{",
  "{{.a",
  "{{if .a}}",
  "{{end}}",
  "{{else}}",
  "{{nothing .a}}",
  "{{.a | }}",
  "{{$x}}",
  '{{define "x"}}{{end}}',
  '{{template "x"}}',
  "{{break}}",
  "{{trunc 3}}",
  '{{"open}}',
  `${"{{if 1}}".repeat(200)}${"{{end}}".repeat(200)}`,
])("a template %s is refused", (source) => {
  expect(() => compileTemplate(source, true)).toThrow();
});
test.each([
  "{{ div 1 0 }}",
  "{{ divf 1 0 }}",
  '{{ addf 1 "Inf" }}',
  '{{ index (fromJson "[1]") 5 }}',
  '{{ duration "x" }}',
  '{{ bytes "x" }}',
  '{{ regexReplaceAll "(" "a" "b" }}',
  "{{ unixToTime .a }}",
  '{{ repeat 10000000 "aaaa" }}',
  "{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}",
  '{{ range 100000 }}{{ $.msg }}{{ $.json }}{{ end }}{{ repeat 1000000 "b" }}',
  '{{ lt 1 "a" }}',
  "{{ .a.b }}",
])("a template %s fails on its record alone, and is bounded", (source) => {
  expect(() => run(source)).toThrow(ExecutionError);
});
test("names tells which labels a template reads, if it can be told", () => {
  expect(compileTemplate('{{.a}}{{if .b}}{{printf "%s" .c}}{{end}}').names).toEqual(
    new Set(["a", "b", "c"]),
  );
  expect(compileTemplate("{{range $k, $v := .}}{{$k}}{{end}}").names).toBeUndefined();
});
test("a text reaches nothing of the objects that it is held in", () => {
  expect(run("{{.constructor}}{{.__proto__}}{{.toString}}")).toBe("");
  expect(run('{{ (fromJson "{}").constructor }}')).toBe("<no value>");
});
