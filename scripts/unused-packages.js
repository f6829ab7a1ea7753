/**
 * What packages load for functions of theirs that the product does not call: body parsers and every character encoding,
 * file serving and every media type, query strings with objects, logging by threads, colours.
 */
const UNUSED = ['body-parser', 'mime-db', 'qs', 'send', 'serve-static', 'supports-color', 'thread-stream'];

/** A part of the build: leaves these packages empty. */
export const unusedPackages = {
  name: 'unused-packages',
  setup({ onLoad }) {
    const filter = new RegExp(`/node_modules/(${UNUSED.join('|')})/[^@]*$`);
    onLoad({ filter }, () => ({ contents: '' }));
  },
};
