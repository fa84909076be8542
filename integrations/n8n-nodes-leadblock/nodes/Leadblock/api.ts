// Requests to a leadblock server.
import { NodeApiError } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions, IHookFunctions, IHttpRequestMethods, JsonObject } from 'n8n-workflow';

type Caller = IExecuteFunctions | IHookFunctions;

interface Refusal {
  message?: string;
  code?: string;
  errors?: Array<{ value?: string; reason?: string }>;
}

// What the server said: its message, and why single items were refused.
function refusalOf(body: Refusal | undefined) {
  if (!body?.message) return undefined;
  const items = (body.errors ?? []).map(({ value, reason }) => `${value}: ${reason}`);
  return { message: body.message, description: [`Code: ${body.code}`, ...items].join('\n') };
}

export interface Answer<T> {
  statusCode: number;
  body: T;
  headers: IDataObject;
}

// Answers of other statuses than 2xx and `also` are errors with the server's own words.
export async function ask<T = IDataObject>(
  caller: Caller, method: IHttpRequestMethods, path: string, body?: IDataObject | unknown[], also: number[] = [], itemIndex = 0,
): Promise<Answer<T>> {
  const { baseUrl } = await caller.getCredentials<{ baseUrl: string }>('leadblockApi', itemIndex);
  const answer = (await caller.helpers.httpRequestWithAuthentication.call(caller, 'leadblockApi', {
    method,
    baseURL: String(baseUrl).replace(/\/+$/, ''),
    url: path,
    ...(body === undefined ? {} : { body: body as IDataObject }),
    json: true,
    timeout: 60000,
    disableFollowRedirect: true, // the key is for this server alone
    returnFullResponse: true,
    ignoreHttpStatusErrors: true,
  })) as Answer<T>;
  const { statusCode } = answer;
  if ((statusCode >= 200 && statusCode < 300) || also.includes(statusCode)) return answer;
  throw new NodeApiError(caller.getNode(), (answer.body ?? {}) as JsonObject, {
    httpCode: String(statusCode),
    ...(refusalOf(answer.body as Refusal) ?? { message: `The server answered ${statusCode}. Is it a leadblock server?` }),
    itemIndex,
  });
}
