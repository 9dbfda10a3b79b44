// A PSP adapter: serves ducat.connector.v1.ConnectorService in front of a pretended PSP.
//
//   node adapter.js --proto <folder of ducat/**> [--port 50061] [--journal operations.jsonl]
//
// Prints "listening on 127.0.0.1:PORT" once it serves. To make an adapter of your own, replace the
// class Psp by calls of your PSP's API, and keep what Adapter does with keys. Then hold it against
// the contract: ./ducat conformance 127.0.0.1:PORT --method tok_ok --declined-method tok_declined
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const { values } = parseArgs({
  options: {
    proto: { type: 'string' },
    port: { type: 'string', default: '50061' },
    journal: { type: 'string', default: 'operations.jsonl' },
  },
});
if (!values.proto) {
  console.error('usage: node adapter.js --proto <folder> [--port 50061] [--journal operations.jsonl]');
  process.exit(1);
}

const service = grpc.loadPackageDefinition(
  protoLoader.loadSync(path.join(values.proto, 'ducat/connector/v1/connector_service.proto'), {
    includeDirs: [values.proto],
    keepCase: true,
    // Minor units may pass what a JavaScript number holds: they come as text and are counted as BigInt.
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  }),
).ducat.connector.v1.ConnectorService.service;

/** Where the PSP's money is, by authorization key. */
class Psp {
  authorizations = new Map();

  /** Decides an operation; nothing has happened until apply. */
  decide(kind, request) {
    const { currency_code: currency, minor_units: units } = request.amount;
    const amount = BigInt(units);
    const held = this.authorizations.get(kind === 'AUTHORIZE' ? request.operation_key : request.authorization_key);
    const declined = (reason) => ({ declined: { reason_code: reason, message: 'declined by the example PSP' } });
    switch (kind) {
      case 'AUTHORIZE':
        if (held?.voided) return declined('VOIDED');
        return request.payment_method === 'tok_ok' ? this.done(currency, amount) : declined('DECLINED');
      case 'CAPTURE':
        if (!held?.authorized) return declined('AUTHORIZATION_NOT_FOUND');
        if (held.voided) return declined('AUTHORIZATION_VOIDED');
        if (held.currency !== currency) return declined('CURRENCY_MISMATCH');
        return amount > held.authorized - held.captured ? declined('AMOUNT_EXCEEDED') : this.done(currency, amount);
      case 'VOID':
        return this.done(held?.currency ?? currency, held && !held.voided ? held.authorized - held.captured : 0n);
      case 'REFUND':
        if (!held?.captured) return declined('CAPTURE_NOT_FOUND');
        if (held.currency !== currency) return declined('CURRENCY_MISMATCH');
        return amount > held.captured - held.refunded ? declined('AMOUNT_EXCEEDED') : this.done(currency, amount);
    }
  }

  /** Takes a decided operation in: when it is made, and again when the journal is read. */
  apply(operation) {
    if (!operation.outcome.done) return;
    const key = operation.authorization_key;
    const held = this.authorizations.get(key) ?? { authorized: 0n, captured: 0n, refunded: 0n, voided: false };
    const amount = BigInt(operation.outcome.done.amount.minor_units);
    if (operation.kind === 'AUTHORIZE') {
      held.authorized = amount;
      held.currency = operation.outcome.done.amount.currency_code;
    } else if (operation.kind === 'CAPTURE') {
      held.captured += amount;
    } else if (operation.kind === 'REFUND') {
      held.refunded += amount;
    } else {
      // Also where nothing was authorized: an authorize that comes late must find this.
      held.voided = true;
    }
    this.authorizations.set(key, held);
  }

  done(currency, amount) {
    const now = Date.now();
    return {
      done: {
        connector_reference: `psp-${crypto.randomUUID()}`,
        amount: { currency_code: currency, minor_units: amount.toString() },
        time: { seconds: Math.floor(now / 1000).toString(), nanos: (now % 1000) * 1e6 },
      },
    };
  }
}

/** Keeps the one promise of an adapter: a key takes effect at most once, and is never forgotten. */
class Adapter {
  psp = new Psp();
  operations = new Map();

  constructor(journal) {
    const text = fs.existsSync(journal) ? fs.readFileSync(journal, 'utf8') : '';
    // A last line without its end was torn by a crash: it was never answered.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n').filter(Boolean)) this.remember(JSON.parse(line));
    fs.writeFileSync(journal, whole);
    this.journal = fs.openSync(journal, 'a');
  }

  remember(operation) {
    this.operations.set(operation.operation_key, operation);
    this.psp.apply(operation);
  }

  /** A known key gets its first answer, whatever else the request says. */
  carryOut(kind, request) {
    const known = this.operations.get(request.operation_key);
    if (known) return this.answer(known);
    const operation = {
      operation_key: request.operation_key,
      authorization_key: kind === 'AUTHORIZE' ? request.operation_key : request.authorization_key,
      kind,
      // A real PSP is called here, with operation_key as *its* idempotency key. What it does not
      // answer must end this call with an error (never with Declined), and GetOperation must ask it.
      outcome: this.psp.decide(kind, request),
    };
    // On disk before it is answered: Node runs this function to its end before the next call.
    fs.writeSync(this.journal, JSON.stringify(operation) + '\n');
    fs.fsyncSync(this.journal);
    this.remember(operation);
    return this.answer(operation);
  }

  find(request) {
    const known = this.operations.get(request.operation_key);
    return known
      ? this.answer(known)
      : { operation_key: request.operation_key, kind: request.kind, not_found: {} };
  }

  answer(operation) {
    return {
      operation_key: operation.operation_key,
      kind: `OPERATION_KIND_${operation.kind}`,
      ...operation.outcome,
    };
  }
}

function fault(request, needsAmount) {
  if (!/^[ -~]{1,255}$/.test(request.operation_key)) return 'operation_key: 1 to 255 printable ASCII characters';
  if (needsAmount && !(BigInt(request.amount?.minor_units ?? 0) > 0n)) return 'amount: must be greater than 0';
  return '';
}

const adapter = new Adapter(values.journal);

const operation = (kind) => (call, callback) => {
  const wrong = fault(call.request, true);
  if (wrong) callback({ code: grpc.status.INVALID_ARGUMENT, details: wrong });
  else callback(null, adapter.carryOut(kind, call.request));
};

const server = new grpc.Server();
server.addService(service, {
  Authorize: operation('AUTHORIZE'),
  Capture: operation('CAPTURE'),
  Void: operation('VOID'),
  Refund: operation('REFUND'),
  GetOperation: (call, callback) => {
    const wrong = fault(call.request, false);
    if (wrong) callback({ code: grpc.status.INVALID_ARGUMENT, details: wrong });
    else callback(null, adapter.find(call.request));
  },
  GetCapabilities: (call, callback) =>
    callback(null, {
      connector: 'example',
      partial_capture: true,
      multiple_captures: true,
      partial_refund: true,
      tombstones_void: true,
      settlement_mode: 'SETTLEMENT_MODE_IMMEDIATE',
      quarantine: { seconds: '5' },
      idempotency_window: { seconds: String(30 * 86400) },
      authorization_lifetime: { seconds: String(7 * 86400) },
    }),
});

server.bindAsync(`127.0.0.1:${values.port}`, grpc.ServerCredentials.createInsecure(), (failure, port) => {
  if (failure) {
    console.error(failure.message);
    process.exit(1);
  }
  console.log(`listening on 127.0.0.1:${port}`);
});

process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
