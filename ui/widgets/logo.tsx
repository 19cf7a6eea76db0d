/** The mark: a lapwing's head with its crest, in the colours of the theme. */
export function Logo() {
  return (
    <svg className="logo" width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
      <path
        className="logo-body"
        d="M28.5 14.2 23 12.6c-1-3.2-3.6-5-6.8-5-1.8 0-3.3.6-4.5 1.7C9.5 7.4 6.8 5 2.5 3c1.7 3.6 4.3 6.4 7.3 8.7-.5 1.3-.8 2.7-.8 4.3 0 5.5 3.4 9 3.4 13h9.8c1.5-3.7 2.3-7.6 1.2-12.2z"
      />
      <path
        className="logo-breast"
        d="M12.4 29h9.8c.8-1.9 1.4-3.9 1.6-6-3.6 1.9-8.3 2-12.6.300.7 1.8 1.2 3.7 1.2 5.7z"
      />
      <circle className="logo-eye" cx="17.6" cy="12.6" r="1.5" />
    </svg>
  );
}
