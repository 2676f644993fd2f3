// What every answer tells a browser: show nothing, run nothing, remember nothing.
import type { Middleware } from 'koa';
import type { RequestFacts } from './request-context.ts';

export function securityHeaders(publicUrl: string): Middleware<RequestFacts> {
  const isTls = publicUrl.startsWith('https:');
  return async (ctx, next) => {
    ctx.set({
      'Content-Security-Policy':
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Cache-Control': 'no-store',
      ...(isTls ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
    });
    await next();
  };
}
