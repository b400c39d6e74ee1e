// Signs and checks with the gateways' own packages: one JSON question a line, one JSON answer a line.
import { createInterface } from 'node:readline';
import { validatePaymentVerification, validateWebhookSignature } from 'razorpay/dist/utils/razorpay-utils.js';
import Stripe from 'stripe';

const stripe = new Stripe('sk_test_none');

function isStripe({ body, header, secret, now }) {
  try {
    stripe.webhooks.constructEvent(Buffer.from(body, 'base64'), header, secret, 300, undefined, now * 1000);
    return true;
  } catch (error) {
    if (error.type !== 'StripeSignatureVerificationError') throw error;
    return false;
  }
}

const answers = {
  'razorpay-webhook': (q) => validateWebhookSignature(Buffer.from(q.body, 'base64').toString(), q.signature, q.secret),
  'razorpay-checkout': (q) => validatePaymentVerification({ order_id: q.orderId, payment_id: q.paymentId }, q.signature, q.secret),
  'razorpay-subscription': (q) => validatePaymentVerification({ subscription_id: q.subscriptionId, payment_id: q.paymentId }, q.signature, q.secret),
  'stripe-webhook': isStripe,
  'stripe-sign': (q) => stripe.webhooks.generateTestHeaderString({ payload: Buffer.from(q.body, 'base64').toString(), secret: q.secret, timestamp: q.now }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  console.log(JSON.stringify(answers[question.kind](question)));
}
