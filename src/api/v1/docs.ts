import type { Endpoint } from '../../http/endpoint.js';
import { renderReference } from '../../http/reference.js';
import { html, type Reply } from '../../http/reply.js';
import { productVersion } from '../../config/product-version.js';

/** @param table every endpoint; read when asked, since this one is part of it */
export function docsEndpoint(table: () => readonly Endpoint[]): Endpoint {
  // Made once for what is enabled: whoever asks again and again must not keep others waiting.
  let page: { readonly enabled: string; readonly reply: Reply } | undefined;
  return {
    name: 'docs',
    method: 'GET',
    path: '/docs',
    summary: 'This reference.',
    auth: 'none',
    example: { status: 200, contentType: 'text/html', body: '<!doctype html>…' },
    handle({ gate }) {
      const endpoints = table().filter(({ name }) => gate.isEnabled(name));
      const enabled = endpoints.map(({ name }) => name).join();
      if (page?.enabled !== enabled) {
        const text = renderReference(endpoints, { title: 'Admin API', version: productVersion() });
        page = { enabled, reply: html(text) };
      }
      return Promise.resolve(page.reply);
    },
  };
}
