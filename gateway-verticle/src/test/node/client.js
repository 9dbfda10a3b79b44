// Creates, reads and watches a payment through the published .proto files, and prints what it saw
// as one line of JSON:
//
//   node client.js <host:port> --proto <folder of ducat/**> [--key k] [--tenant t] [--method sim_ok]
//     [--amount minor units] [--currency EUR] [--merchant acme]
//
// Exits 0 when all of it went well, 1 with {"error": ...} when not.
'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    proto: { type: 'string' },
    key: { type: 'string', default: `node-${process.pid}-${Date.now()}` },
    tenant: { type: 'string', default: 'default' },
    method: { type: 'string', default: 'sim_ok' },
    amount: { type: 'string', default: '1250' },
    currency: { type: 'string', default: 'EUR' },
    merchant: { type: 'string', default: 'acme' },
  },
});

if (positionals.length !== 1 || !values.proto) {
  console.error('usage: node client.js <host:port> --proto <folder> [--key k] ...');
  process.exit(1);
}

function service(file, packageName, name) {
  const definition = protoLoader.loadSync(path.join(values.proto, file), {
    includeDirs: [values.proto],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const root = grpc.loadPackageDefinition(definition);
  const Client = packageName.split('.').reduce((at, part) => at[part], root)[name];
  return new Client(positionals[0], grpc.credentials.createInsecure());
}

function metadata() {
  const all = new grpc.Metadata();
  all.set('ducat-tenant', values.tenant);
  return all;
}

/** A unary call: its answer and the metadata of the answer's head. */
function call(client, method, request) {
  return new Promise((resolve, reject) => {
    let head = {};
    const options = { deadline: Date.now() + 20_000 };
    client[method](request, metadata(), options, (error, answer) =>
      error ? reject(error) : resolve({ answer, head })
    ).on('metadata', (received) => {
      head = received.getMap();
    });
  });
}

/** A stream: every message until it ends well. */
function collect(stream) {
  return new Promise((resolve, reject) => {
    const all = [];
    stream.on('data', (message) => all.push(message));
    stream.on('error', reject);
    stream.on('end', () => resolve(all));
  });
}

/** A call that must fail: its code and whether the rich error came along. */
async function failure(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { code: error.code, details: error.metadata.get('grpc-status-details-bin').length };
  }
}

async function main() {
  const payments = service(
    'ducat/payments/v1/payment_service.proto',
    'ducat.payments.v1',
    'PaymentService'
  );
  const request = {
    idempotency_key: values.key,
    amount: { currency_code: values.currency, minor_units: values.amount },
    payment_method: values.method,
    merchant_account: values.merchant,
    metadata: { client: 'node' },
  };
  const created = await call(payments, 'CreatePayment', request);
  const payment_id = created.answer.payment_id;
  const again = await call(payments, 'CreatePayment', request);
  const read = await call(payments, 'GetPayment', { payment_id });
  const found = await call(payments, 'LookupPayment', { idempotency_key: values.key });
  const listed = await call(payments, 'ListPayments', { page_size: 1000 });
  const watched = await collect(
    payments.WatchPayment({ payment_id }, metadata(), { deadline: Date.now() + 30_000 })
  );
  const resumed = await collect(
    payments.WatchPayment({ payment_id, after_version: 1 }, metadata(), {
      deadline: Date.now() + 30_000,
    })
  );
  const missing = await failure(
    call(payments, 'GetPayment', { payment_id: 'pay_00000000000000000000000000' })
  );
  const invalid = await failure(call(payments, 'CreatePayment', { idempotency_key: '' }));
  payments.close();
  return {
    created: created.answer,
    created_replayed: created.head['idempotent-replayed'] ?? null,
    again: again.answer,
    again_replayed: again.head['idempotent-replayed'] ?? null,
    read: read.answer,
    found: found.answer,
    listed: listed.answer.payments.map((payment) => payment.payment_id),
    watched,
    resumed,
    missing,
    invalid,
  };
}

main().then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.log(JSON.stringify({ error: error.message, code: error.code ?? null }));
    process.exitCode = 1;
  }
);
