import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Framing } from "./head.ts";
import { cuts, readPieces, type ReadOptions, type ReadResult } from "./testing/read-messages.ts";

/** Reads a message under every cut and makes sure that the cut makes no difference. */
function readEverywhere(text: string, options?: ReadOptions): ReadResult {
  const bytes = Buffer.from(text, "latin1");
  const whole = readPieces([bytes], options);
  for (const pieces of cuts(bytes)) {
    assert.deepEqual(readPieces(pieces, options), whole, `cut after ${pieces[0]?.length}`);
  }
  return whole;
}

const head = "Host: a\r\n";

/** Name, text, status, and a part of the message. */
const refusedRequests: readonly (readonly [string, string, number, string])[] = [
  ["Content-Length and Transfer-Encoding", `POST / HTTP/1.1\r\n${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, "both"],
  ["Transfer-Encoding and Content-Length", `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`, 400, "both"],
  ["two different Content-Length", `POST / HTTP/1.1\r\n${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`, 400, "more than one Content-Length"],
  ["two equal Content-Length", `POST / HTTP/1.1\r\n${head}Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd`, 400, "more than one Content-Length"],
  ["a list of lengths", `POST / HTTP/1.1\r\n${head}Content-Length: 4, 4\r\n\r\nabcd`, 400, "Content-Length"],
  ["a length with a sign", `POST / HTTP/1.1\r\n${head}Content-Length: +4\r\n\r\nabcd`, 400, "Content-Length"],
  ["a negative length", `POST / HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`, 400, "Content-Length"],
  ["a hexadecimal length", `POST / HTTP/1.1\r\n${head}Content-Length: 0x4\r\n\r\nabcd`, 400, "Content-Length"],
  ["a length with a space in it", `POST / HTTP/1.1\r\n${head}Content-Length: 4 4\r\n\r\nabcd`, 400, "Content-Length"],
  ["an empty length", `POST / HTTP/1.1\r\n${head}Content-Length: \r\n\r\n`, 400, "Content-Length"],
  ["a length beyond exact integers", `POST / HTTP/1.1\r\n${head}Content-Length: 9999999999999999\r\n\r\n`, 400, "Content-Length"],
  ["two Transfer-Encoding", `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, "more than one Transfer-Encoding"],
  ["Transfer-Encoding: identity after chunked", `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`, 400, "more than one Transfer-Encoding"],
  ["Transfer-Encoding: gzip, chunked", `POST / HTTP/1.1\r\n${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501, "other than chunked"],
  ["Transfer-Encoding: chunked, identity", `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`, 501, "other than chunked"],
  ["Transfer-Encoding: xchunked", `POST / HTTP/1.1\r\n${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 501, "other than chunked"],
  ["Transfer-Encoding with a vertical tab", `POST / HTTP/1.1\r\n${head}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`, 400, "control character"],
  ["Transfer-Encoding: quoted", `POST / HTTP/1.1\r\n${head}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`, 501, "other than chunked"],
  ["an empty Transfer-Encoding", `POST / HTTP/1.1\r\n${head}Transfer-Encoding:\r\n\r\n`, 501, "other than chunked"],
  ["Transfer-Encoding in HTTP/1.0", `POST / HTTP/1.0\r\n${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, "HTTP/1.0"],
  ["a space before the colon", `POST / HTTP/1.1\r\n${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`, 400, "white space between"],
  ["a tab before the colon", `GET / HTTP/1.1\r\nHost\t: a\r\n\r\n`, 400, "white space between"],
  ["a folded line", `GET / HTTP/1.1\r\n${head}X: a\r\n b\r\n\r\n`, 400, "folded"],
  ["a line folded with a tab", `GET / HTTP/1.1\r\n${head}X: a\r\n\tb\r\n\r\n`, 400, "folded"],
  ["a folded Transfer-Encoding", `POST / HTTP/1.1\r\n${head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`, 400, "folded"],
  ["white space before the first line", `GET / HTTP/1.1\r\n Host: a\r\n\r\n`, 400, "before the first header line"],
  ["a bare LF after the request line", `GET / HTTP/1.1\n${head}\r\n`, 400, "bare LF"],
  ["a bare LF after a header", `GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n`, 400, "bare LF"],
  ["a bare LF as the empty line", `GET / HTTP/1.1\r\n${head}\n`, 400, "bare LF"],
  ["a bare CR in a value", `GET / HTTP/1.1\r\n${head}X: a\rb\r\n\r\n`, 400, "bare CR"],
  ["a bare CR after the empty line", `GET / HTTP/1.1\r\n${head}\rX: y\r\n\r\n`, 400, "bare CR"],
  ["a NUL in a value", `GET / HTTP/1.1\r\n${head}X: a\0b\r\n\r\n`, 400, "control character"],
  ["a NUL in a name", `GET / HTTP/1.1\r\n${head}X\0: a\r\n\r\n`, 400, "without a valid name"],
  ["DEL in a value", `GET / HTTP/1.1\r\n${head}X: a\x7fb\r\n\r\n`, 400, "control character"],
  ["an empty name", `GET / HTTP/1.1\r\n${head}: a\r\n\r\n`, 400, "without a valid name"],
  ["a name with brackets", `GET / HTTP/1.1\r\n${head}X[0]: a\r\n\r\n`, 400, "without a valid name"],
  ["a name beyond ASCII", `GET / HTTP/1.1\r\n${head}X\xe4: a\r\n\r\n`, 400, "without a valid name"],
  ["a line without a colon", `GET / HTTP/1.1\r\n${head}nothing\r\n\r\n`, 400, "without a valid name"],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400, "without Host"],
  ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "more than one Host"],
  ["two equal Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "more than one Host"],
  ["two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "more than one Host"],
  ["a Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "malformed Host"],
  ["a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "malformed Host"],
  ["a Host with user information", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "malformed Host"],
  ["a list of Hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "malformed Host"],
  ["an absolute target without Host", "GET http://a/ HTTP/1.1\r\n\r\n", 400, "without Host"],
  ["an absolute target with user information", `GET http://u@a/ HTTP/1.1\r\n${head}\r\n`, 400, "request target"],
  ["an absolute target of another scheme", `GET ftp://a/ HTTP/1.1\r\n${head}\r\n`, 400, "request target"],
  ["a target without a slash", `GET x HTTP/1.1\r\n${head}\r\n`, 400, "request target"],
  ["* for something else than OPTIONS", `GET * HTTP/1.1\r\n${head}\r\n`, 400, "request target"],
  ["a fragment", `GET /#a HTTP/1.1\r\n${head}\r\n`, 400, "request line"],
  ["CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501, "CONNECT"],
  ["two spaces after the method", `GET  / HTTP/1.1\r\n${head}\r\n`, 400, "request line"],
  ["two spaces after the target", `GET /  HTTP/1.1\r\n${head}\r\n`, 400, "version"],
  ["a tab in the request line", `GET\t/ HTTP/1.1\r\n${head}\r\n`, 400, "request line"],
  ["a control character in the target", `GET /\x01 HTTP/1.1\r\n${head}\r\n`, 400, "request line"],
  ["a space behind the version", `GET / HTTP/1.1 \r\n${head}\r\n`, 400, "control character"],
  ["HTTP/0.9", "GET /\r\n\r\n", 400, "request line"],
  ["HTTP/2.0", "PRI * HTTP/2.0\r\n\r\n", 505, "version"],
  ["HTTP/11.1", `GET / HTTP/11.1\r\n${head}\r\n`, 400, "version"],
  ["http/1.1", `GET / http/1.1\r\n${head}\r\n`, 400, "version"],
  ["a method that is no token", `G(T / HTTP/1.1\r\n${head}\r\n`, 400, "request line"],
  ["a method that is too long", `${"G".repeat(33)} / HTTP/1.1\r\n${head}\r\n`, 400, "request line"],
  ["three empty lines before", `\r\n\r\n\r\nGET / HTTP/1.1\r\n${head}\r\n`, 400, "request line"],
  ["a malformed Connection", `GET / HTTP/1.1\r\n${head}Connection: a b\r\n\r\n`, 400, "Connection"],
  ["a chunk size with a sign", chunked("+3\r\nabc\r\n0\r\n\r\n"), 400, "without a size"],
  ["a chunk size with 0x", chunked("0x3\r\nabc\r\n0\r\n\r\n"), 400, "chunk size"],
  ["a chunk size behind a space", chunked(" 3\r\nabc\r\n0\r\n\r\n"), 400, "without a size"],
  ["a space behind a chunk size", chunked("3 \r\nabc\r\n0\r\n\r\n"), 400, "chunk size"],
  ["a chunk size with an underscore", chunked("1_0\r\nabc\r\n0\r\n\r\n"), 400, "chunk size"],
  ["a chunk size that overflows", chunked("fffffffffffff\r\n"), 400, "too many digits"],
  ["a chunk size of many zeros", chunked("0000000000000\r\n\r\n"), 400, "too many digits"],
  ["an empty chunk size", chunked("\r\nabc\r\n"), 400, "without a size"],
  ["a bare LF after a chunk size", chunked("3\nabc\r\n0\r\n\r\n"), 400, "chunk size"],
  ["a bare CR after a chunk size", chunked("3\rabc\r\n0\r\n\r\n"), 400, "bare CR"],
  ["a bare LF in a chunk extension", chunked("3;a\nabc\r\n0\r\n\r\n"), 400, "chunk extension"],
  ["a NUL in a chunk extension", chunked("3;a\0\r\nabc\r\n0\r\n\r\n"), 400, "chunk extension"],
  ["chunk data longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n"), 400, "longer than its size"],
  ["chunk data that ends with LF", chunked("3\r\nabc\n0\r\n\r\n"), 400, "longer than its size"],
  ["a bare LF after the last chunk", chunked("0\r\n\n"), 400, "bare LF"],
  ["a malformed trailer", chunked("0\r\nX : a\r\n\r\n"), 400, "between a header name"],
  ["a folded trailer", chunked("0\r\nX: a\r\n b\r\n\r\n"), 400, "folded"],
]; // prettier-ignore

function chunked(body: string): string {
  return `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n${body}`;
}

describe("requests that are refused, under every cut", () => {
  for (const [name, text, status, part] of refusedRequests) {
    test(name, () => {
      const result = readEverywhere(text);
      assert.equal(result.status, status, result.error);
      assert.match(result.error ?? "", new RegExp(part, "u"));
      assert.ok(!result.messages.some((message) => message.whole));
    });
  }
});

describe("requests that are read, under every cut", () => {
  const good: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
    ["a plain GET", `GET /a?b=c HTTP/1.1\r\n${head}\r\n`, ["GET a /a?b=c 1.1"], [""]],
    ["an empty line before", `\r\n\r\nGET / HTTP/1.1\r\n${head}\r\n`, ["GET a / 1.1"], [""]],
    ["an empty line after a body", `POST / HTTP/1.1\r\n${head}Content-Length: 1\r\n\r\nx\r\nGET /2 HTTP/1.1\r\n${head}\r\n`, ["POST a / 1.1", "GET a /2 1.1"], ["x", ""]],
    ["the same head twice", `GET / HTTP/1.1\r\n${head}\r\n`.repeat(2), ["GET a / 1.1", "GET a / 1.1"], ["", ""]],
    ["heads that differ at the end only", `GET / HTTP/1.1\r\n${head}X: 1\r\n\r\nGET / HTTP/1.1\r\n${head}X: 2\r\n\r\n`, ["GET a / 1.1", "GET a / 1.1"], ["", ""]],
    ["a body", `PUT / HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\nhello`, ["PUT a / 1.1"], ["hello"]],
    ["a length of zero", `PUT / HTTP/1.1\r\n${head}Content-Length: 0\r\n\r\n`, ["PUT a / 1.1"], [""]],
    ["chunks", chunked("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"), ["POST a / 1.1"], ["abc0123456789"]],
    ["chunks with extensions", chunked("3;a=b;c=\"d\"\r\nabc\r\n0;x\r\n\r\n"), ["POST a / 1.1"], ["abc"]],
    ["Transfer-Encoding in other letters", `POST / HTTP/1.1\r\n${head}transfer-encoding:  CHUNKED \r\n\r\n1\r\na\r\n0\r\n\r\n`, ["POST a / 1.1"], ["a"]],
    ["two requests at once", `${chunked("1\r\na\r\n0\r\n\r\n")}GET /b HTTP/1.1\r\n${head}\r\n`, ["POST a / 1.1", "GET a /b 1.1"], ["a", ""]],
    ["HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", ["GET  / 1.0"], [""]],
    ["a later minor version", `GET / HTTP/1.7\r\n${head}\r\n`, ["GET a / 1.1"], [""]],
    ["an absolute target: its authority wins", "GET http://b:80/c HTTP/1.1\r\nHost: a\r\n\r\n", ["GET b:80 /c 1.1"], [""]],
    ["an absolute target without a path", "GET http://b?x HTTP/1.1\r\nHost: b\r\n\r\n", ["GET b /?x 1.1"], [""]],
    ["OPTIONS *", `OPTIONS * HTTP/1.1\r\n${head}\r\n`, ["OPTIONS a * 1.1"], [""]],
    ["an IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", ["GET [::1]:80 / 1.1"], [""]],
    ["an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", ["GET  / 1.1"], [""]],
    ["octets beyond ASCII in target and value", `GET /\xe4 HTTP/1.1\r\n${head}X: \xe4\r\n\r\n`, ["GET a /\xe4 1.1"], [""]],
  ]; // prettier-ignore
  for (const [name, text, starts, bodies] of good) {
    test(name, () => {
      const { messages, error } = readEverywhere(text);
      assert.equal(error, undefined);
      assert.deepEqual(messages.map(({ start }) => start), starts); // prettier-ignore
      assert.deepEqual(messages.map(({ body }) => body), bodies); // prettier-ignore
      assert.ok(messages.every(({ whole }) => whole));
    });
  }

  test("header lines keep their order; white space around values is no part of them", () => {
    const { messages } = readEverywhere(
      "GET / HTTP/1.1\r\nB: \t 1 \t\r\nHost:a\r\nb:2\r\nC:\r\n\r\n",
    );
    const expected = [["b", "1"], ["host", "a"], ["b", "2"], ["c", ""]]; // prettier-ignore
    assert.deepEqual(messages[0]?.headers, expected);
  });

  test("trailers", () => {
    const { messages } = readEverywhere(chunked("1\r\na\r\n0\r\nX: 1\r\nY: 2\r\n\r\n"));
    assert.deepEqual(messages[0]?.trailers, [["x", "1"], ["y", "2"]]); // prettier-ignore
  });

  test("Connection decides, else the version", () => {
    const open = (version: string, line: string) =>
      readPieces([Buffer.from(`GET / HTTP/${version}\r\n${head}${line}\r\n`)]).messages[0]?.open;
    assert.equal(open("1.1", ""), true);
    assert.equal(open("1.1", "Connection: x, CLOSE\r\n"), false);
    assert.equal(open("1.1", "Connection: keep-alive\r\nConnection: close\r\n"), false);
    assert.equal(open("1.0", ""), false);
    assert.equal(open("1.0", "Connection: Keep-Alive\r\n"), true);
  });
});

describe("limits", () => {
  test("a head of the largest size is read, one octet more is 431", () => {
    const limits = { maxHeadBytes: 64 };
    const fit = (bytes: number) => {
      const start = `GET / HTTP/1.1\r\n${head}X: `;
      return `${start}${"x".repeat(bytes - start.length - 4)}\r\n\r\n`;
    };
    assert.equal(readEverywhere(fit(64), { limits }).status, undefined);
    assert.equal(readEverywhere(fit(65), { limits }).status, 431);
    assert.equal(readEverywhere("GET / HTTP/1.1\r\nX: ".padEnd(500, "x"), { limits }).status, 431);
  });

  test("more header lines than allowed are 431", () => {
    const lines = (count: number) => `GET / HTTP/1.1\r\n${head}${"X: y\r\n".repeat(count)}\r\n`;
    assert.equal(readEverywhere(lines(3), { limits: { maxHeaders: 4 } }).status, undefined);
    assert.equal(readEverywhere(lines(4), { limits: { maxHeaders: 4 } }).status, 431);
  });

  test("a target that is too long is 414", () => {
    const text = `GET /${"x".repeat(20)} HTTP/1.1\r\n${head}\r\n`;
    assert.equal(readEverywhere(text, { limits: { maxTargetBytes: 20 } }).status, 414);
    assert.equal(readEverywhere(text, { limits: { maxTargetBytes: 21 } }).status, undefined);
  });

  test("chunk extensions without end are refused, those of a usual body are not", () => {
    const limits = { maxChunkOverheadBytes: 40 };
    assert.equal(readEverywhere(chunked(`1;${"x".repeat(100)}`), { limits }).status, 400);
    assert.equal(readEverywhere(chunked("1;xxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n".repeat(8)), { limits }).status, 400); // prettier-ignore
    assert.equal(readEverywhere(chunked(`${"1\r\na\r\n".repeat(50)}0\r\n\r\n`), { limits }).status, undefined); // prettier-ignore
  });

  test("a Connection of nothing but white space costs no time", () => {
    const blanks = " ".repeat(30_000);
    const before = process.cpuUsage();
    for (let i = 0; i < 20; i++) {
      const text = `GET / HTTP/1.1\r\n${head}Connection: a${blanks}b\r\n\r\n`;
      assert.equal(readPieces([Buffer.from(text)]).status, 400);
    }
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 2_000_000, `${user + system} µs`); // many times that when it grows with the square
  });

  test("trailers beyond their limits are 431", () => {
    const limits = { maxTrailerBytes: 32, maxHeaders: 4 };
    assert.equal(
      readEverywhere(chunked(`0\r\nX: ${"x".repeat(40)}\r\n\r\n`), { limits }).status,
      431,
    );
    assert.equal(readEverywhere(chunked(`0\r\n${"X:\r\n".repeat(5)}\r\n`), { limits }).status, 431);
  });
});

describe("answers that are refused, under every cut", () => {
  const ok = "HTTP/1.1 200 OK\r\n";
  const refused: readonly (readonly [string, string])[] = [
    ["Content-Length and Transfer-Encoding", `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["two Content-Length", `${ok}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
    ["a list of lengths", `${ok}Content-Length: 3,3\r\n\r\nabc`],
    ["a coding other than chunked", `${ok}Transfer-Encoding: gzip\r\n\r\n`],
    ["Transfer-Encoding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a folded line", `${ok}A: b\r\n c\r\n\r\n`],
    ["a bare LF", `${ok}A: b\nC: d\r\n\r\n`],
    ["a bare CR", `${ok}A: b\rC: d\r\n\r\n`],
    ["a space before the colon", `${ok}A : b\r\n\r\n`],
    ["a status below 100", "HTTP/1.1 099 Odd\r\n\r\n"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["a status of letters", "HTTP/1.1 2x0 OK\r\n\r\n"],
    ["two spaces before the status", "HTTP/1.1  200 OK\r\n\r\n"],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
    ["HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"],
    ["an empty line before", `\r\n${ok}\r\n`],
    ["a control character in the reason", "HTTP/1.1 200 O\0K\r\n\r\n"],
    ["a malformed chunk", `${ok}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
  ]; // prettier-ignore
  for (const [name, text] of refused) {
    test(name, () => {
      const result = readEverywhere(text, { answersTo: "GET" });
      assert.notEqual(result.error, undefined);
      assert.ok(!result.messages.some((message) => message.whole));
    });
  }
});

describe("answers that are read, under every cut", () => {
  const framingOf = (text: string, method = "GET") => {
    const { messages, error } = readEverywhere(text, { answersTo: method });
    assert.equal(error, undefined);
    return messages[0]?.framing;
  };

  test("bodies are delimited by length, by chunks, by the end, or are not there", () => {
    assert.equal(framingOf("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), Framing.LENGTH);
    assert.equal(framingOf("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Framing.NONE);
    assert.equal(framingOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), Framing.CHUNKED);
    assert.equal(framingOf("HTTP/1.1 200 OK\r\n\r\nabc"), Framing.CLOSE);
    assert.equal(framingOf("HTTP/1.0 200 OK\r\n\r\nabc"), Framing.CLOSE);
    for (const status of ["204 No Content", "304 Not Modified", "100 Continue"]) {
      assert.equal(framingOf(`HTTP/1.1 ${status}\r\nContent-Length: 3\r\n\r\n`), Framing.NONE);
    }
    assert.equal(framingOf("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD"), Framing.NONE);
    assert.equal(framingOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD"), Framing.NONE);
  }); // prettier-ignore

  test("a status line without a reason, or without the space before it", () => {
    assert.equal(framingOf("HTTP/1.1 204 \r\n\r\n"), Framing.NONE);
    assert.equal(framingOf("HTTP/1.1 204\r\n\r\n"), Framing.NONE);
  });

  test("the same head that answers another method is read anew", () => {
    const text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
    assert.equal(framingOf(`${text}abc`), Framing.LENGTH);
    assert.equal(framingOf(text, "HEAD"), Framing.NONE);
  });
});
