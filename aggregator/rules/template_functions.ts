/** Functions that templates of rules may call: Go's own (text/template) and Prometheus's (template/template.go). */
export const templateFunctionNames: ReadonlySet<string> = new Set(
  (
    "and call eq ge gt html index js le len lt ne not or print printf println slice " +
    "urlquery " +
    "args externalURL first graphLink humanize humanize1024 humanizeDuration " +
    "humanizePercentage humanizeTimestamp label match now parseDuration pathPrefix " +
    "query reReplaceAll safeHtml sortByLabel stripDomain stripPort strvalue tableLink " +
    "title tmpl toDuration toLower toTime toUpper urlQueryEscape value"
  ).split(" "),
);
