import type { Endpoint } from '../../http/endpoint.js';
import { renderReference } from '../../http/reference.js';
import { html } from '../../http/reply.js';
import { productVersion } from '../../config/product-version.js';

/** @param table every endpoint; read when asked, since this one is part of it */
export function docsEndpoint(table: () => readonly Endpoint[]): Endpoint {
  return {
    name: 'docs',
    method: 'GET',
    path: '/docs',
    summary: 'This reference.',
    auth: 'none',
    example: { status: 200, contentType: 'text/html', body: '<!doctype html>…' },
    handle({ gate }) {
      const enabled = table().filter(({ name }) => gate.isEnabled(name));
      return Promise.resolve(
        html(renderReference(enabled, { title: 'Admin API', version: productVersion() })),
      );
    },
  };
}
