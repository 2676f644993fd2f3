// A row of `portolan client check --output json`: one engine in one shape.
export interface CheckedRow {
  readonly engine: string;
  readonly shape: string;
  readonly proxy?: string;
  readonly request?: string;
  readonly status?: number;
  readonly granted: readonly string[];
  readonly digest?: string;
  readonly namespace?: string;
  readonly verdict: string;
  readonly reason?: string;
  readonly requests: readonly { readonly method: string; readonly url: string }[];
}
