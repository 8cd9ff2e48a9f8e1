"""What providers post about a mail, in the shapes of their own documentation; every value is made up.

One function for each provider. Where a provider has no word for a kind, it writes none. Source: as for each provider in
``docs/reference/webhooks.md``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from mailbeacon.fake.reports import Json, ProviderEvent
from mailbeacon.model import Kind

__all__ = ["POSTS"]


def _ses(item: ProviderEvent) -> dict[str, Json]:
    words: dict[Kind, tuple[str, str, dict[str, Json]]] = {
        Kind.SENT: ("Send", "send", {}),
        Kind.DELIVERED: ("Delivery", "delivery", {"recipients": [item.address], "smtpResponse": "250 ok"}),
        Kind.DEFERRED: ("Bounce", "bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}),
        Kind.BOUNCED: ("Bounce", "bounce", {"bounceType": "Permanent", "bounceSubType": "General"}),
        Kind.COMPLAINED: ("Complaint", "complaint", {"complaintFeedbackType": "abuse"}),
        Kind.REJECTED: ("Reject", "reject", {"reason": "Bad content"}),
        Kind.UNSUBSCRIBE: ("Subscription", "subscription", {"source": "UnsubscribeHeader"}),
        Kind.OPEN: ("Open", "open", {"ipAddress": item.ip, "userAgent": item.agent}),
        Kind.CLICK: ("Click", "click", {"ipAddress": item.ip, "userAgent": item.agent, "link": item.url}),
    }
    if item.kind not in words:
        return {}
    word, name, part = words[item.kind]
    concerned = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients"}.get(name)
    if concerned:
        part = {**part, concerned: [{"emailAddress": item.address}]}
    mail = {
        "timestamp": item.iso(),
        "messageId": item.message,
        "destination": [item.address],
        "headers": [{"name": "Subject", "value": "Hello"}],
        "tags": {"ses:configuration-set": ["made-up"], **{key: [value] for key, value in item.metadata.items()}},
    }
    return {"eventType": word, "mail": mail, name: {"timestamp": item.iso(), **part}}


def _sendgrid(item: ProviderEvent) -> dict[str, Json]:
    words: dict[Kind, dict[str, Json]] = {
        Kind.SENT: {"event": "processed"},
        Kind.DELIVERED: {"event": "delivered", "response": "250 ok"},
        Kind.DEFERRED: {"event": "bounce", "type": "blocked", "status": "4.7.1"},
        Kind.BOUNCED: {
            "event": "bounce",
            "type": "bounce",
            "status": "5.1.1",
            "bounce_classification": "Invalid Address",
        },
        Kind.COMPLAINED: {"event": "spamreport"},
        Kind.REJECTED: {"event": "dropped", "reason": "Bounced Address"},
        Kind.UNSUBSCRIBE: {"event": "unsubscribe"},
        Kind.SUBSCRIBED: {"event": "group_resubscribe", "asm_group_id": 5},
        Kind.OPEN: {
            "event": "open",
            "useragent": item.agent,
            "ip": item.ip,
            "sg_machine_open": item.machine or item.proxy,
        },
        Kind.CLICK: {"event": "click", "useragent": item.agent, "ip": item.ip, "url": item.url},
    }
    common = {"email": item.address, "timestamp": item.seconds, "sg_event_id": item.id}
    mail = {"sg_message_id": f"{item.message}.recvd-1", "category": [item.campaign], **item.metadata}
    return {**common, **mail, **words[item.kind]} if item.kind in words else {}


def _mailgun(item: ProviderEvent) -> dict[str, Json]:
    bot = "apple" if item.proxy else "generic" if item.machine else ""
    reader: dict[str, Json] = {"ip": item.ip, "client-info": {"user-agent": item.agent, "bot": bot}}
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"event": "delivered"},
        Kind.DEFERRED: {"event": "failed", "severity": "temporary", "reason": "generic"},
        Kind.BOUNCED: {"event": "failed", "severity": "permanent", "reason": "bounce"},
        Kind.COMPLAINED: {"event": "complained"},
        Kind.REJECTED: {"event": "rejected", "reject": {"reason": "Sandbox"}},
        Kind.UNSUBSCRIBE: {"event": "unsubscribed"},
        Kind.OPEN: {"event": "opened", **reader},
        Kind.CLICK: {"event": "clicked", "url": item.url, **reader},
    }
    if item.kind not in words:
        return {}
    data = {
        "id": item.id[:8],
        "timestamp": item.at.timestamp(),
        "recipient": item.address,
        "message": {"headers": {"message-id": f"{item.message}@example.org"}},
        "tags": [item.campaign],
        "user-variables": dict(item.metadata),
        **words[item.kind],
    }
    return {"signature": {"timestamp": str(item.seconds), "token": item.id, "signature": ""}, "event-data": data}


def _postmark(item: ProviderEvent) -> dict[str, Json]:
    reader: dict[str, Json] = {"UserAgent": item.agent, "Geo": {"IP": item.ip}, "ReceivedAt": item.iso(digits=7)}
    bounced: dict[str, Json] = {"RecordType": "Bounce", "Email": item.address, "BouncedAt": item.iso(digits=7)}
    bounced["ID"] = item.seconds
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"RecordType": "Delivery", "Recipient": item.address, "DeliveredAt": item.iso(digits=7)},
        Kind.DEFERRED: {**bounced, "Type": "SoftBounce", "TypeCode": 4096},
        Kind.BOUNCED: {**bounced, "Type": "HardBounce", "TypeCode": 1},
        Kind.REJECTED: {**bounced, "Type": "Blocked", "TypeCode": 100006},
        Kind.COMPLAINED: {**bounced, "RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 512},
        Kind.UNSUBSCRIBE: _postmark_change(item, suppressed=True),
        Kind.SUBSCRIBED: _postmark_change(item, suppressed=False),
        Kind.OPEN: {"RecordType": "Open", "FirstOpen": True, "Recipient": item.address, **reader},
        Kind.CLICK: {"RecordType": "Click", "Recipient": item.address, "OriginalLink": item.url, **reader},
    }
    mail = {
        "MessageID": item.message,
        "MessageStream": "outbound",
        "Tag": item.campaign,
        "Metadata": dict(item.metadata),
    }
    return {**mail, **words[item.kind]} if item.kind in words else {}


def _postmark_change(item: ProviderEvent, *, suppressed: bool) -> dict[str, Json]:
    return {
        "RecordType": "SubscriptionChange",
        "Recipient": item.address,
        "ChangedAt": item.iso(),
        "SuppressSending": suppressed,
        "SuppressionReason": "ManualSuppression" if suppressed else None,
    }


def _sparkpost(item: ProviderEvent) -> dict[str, Json]:
    reader: dict[str, Json] = {"user_agent": item.agent, "ip_address": item.ip}
    flag = {"is_prefetched": True} if item.machine or item.proxy else {}
    words: dict[Kind, tuple[str, dict[str, Json]]] = {
        Kind.SENT: ("message_event", {"type": "injection"}),
        Kind.DELIVERED: ("message_event", {"type": "delivery"}),
        Kind.DEFERRED: ("message_event", {"type": "bounce", "bounce_class": "22"}),
        Kind.BOUNCED: ("message_event", {"type": "bounce", "bounce_class": "10", "error_code": "550"}),
        Kind.COMPLAINED: ("message_event", {"type": "spam_complaint", "fbtype": "abuse"}),
        Kind.REJECTED: ("message_event", {"type": "policy_rejection"}),
        Kind.UNSUBSCRIBE: ("unsubscribe_event", {"type": "list_unsubscribe"}),
        Kind.OPEN: ("track_event", {"type": "initial_open", **reader, **flag}),
        Kind.CLICK: ("track_event", {"type": "click", "target_link_url": item.url, **reader}),
    }
    if item.kind not in words:
        return {}
    name, part = words[item.kind]
    mail = {
        "campaign_id": item.campaign,
        "transmission_id": item.message,
        "rcpt_meta": dict(item.metadata),
        "rcpt_tags": [],
    }
    common = {"event_id": item.id, "timestamp": str(item.seconds), "rcpt_to": item.address.lower()}
    return {"msys": {name: {**common, "raw_rcpt_to": item.address, **mail, **part}}}


def _brevo(item: ProviderEvent) -> dict[str, Json]:
    words = {
        Kind.SENT: "request",
        Kind.DELIVERED: "delivered",
        Kind.DEFERRED: "soft_bounce",
        Kind.BOUNCED: "hard_bounce",
        Kind.COMPLAINED: "spam",
        Kind.REJECTED: "blocked",
        Kind.UNSUBSCRIBE: "unsubscribed",
        Kind.SUBSCRIBED: "list_addition",
        Kind.OPEN: "unique_proxy_open" if item.proxy or item.machine else "unique_opened",
        Kind.CLICK: "click",
    }
    if item.kind not in words:
        return {}
    event: dict[str, Json] = {
        "event": words[item.kind],
        "email": item.address,
        "id": 26224,
        "date": f"{item.at:%Y-%m-%d %H:%M:%S}",
        "ts_epoch": int(item.at.timestamp() * 1000),
        "message-id": f"<{item.message}@example.org>",
        "X-Mailin-custom": json.dumps(dict(item.metadata)),
        "tags": [item.campaign],
    }
    if item.kind is Kind.CLICK:
        event["link"] = item.url
    return {**event, "user_agent": item.agent} if item.kind in (Kind.OPEN, Kind.CLICK) else event


def _mailjet(item: ProviderEvent) -> dict[str, Json]:
    reader: dict[str, Json] = {"ip": item.ip, "geo": "FR", "agent": item.agent}
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"event": "sent", "smtp_reply": "250 ok"},
        Kind.DEFERRED: {"event": "bounce", "hard_bounce": False, "error": "greylisted"},
        Kind.BOUNCED: {"event": "bounce", "hard_bounce": True, "error": "user unknown"},
        Kind.COMPLAINED: {"event": "spam", "source": "JMRPP"},
        Kind.REJECTED: {"event": "blocked", "error": "preblocked"},
        Kind.UNSUBSCRIBE: {"event": "unsub", "mj_list_id": 1},
        Kind.OPEN: {"event": "open", **reader},
        Kind.CLICK: {"event": "click", "url": item.url, **reader},
    }
    if item.kind not in words:
        return {}
    mail = {
        "MessageID": 19421777835146490,
        "Message_GUID": item.message,
        "mj_campaign_id": 7,
        "customcampaign": item.campaign,
    }
    metadata = {"CustomID": "", "Payload": json.dumps(dict(item.metadata))}
    return {"time": item.seconds, "email": item.address, **mail, **metadata, **words[item.kind]}


def _mandrill(item: ProviderEvent) -> dict[str, Json]:
    parsed = {"type": "robot" if item.machine or item.proxy else "Browser", "ua_name": "Firefox"}
    reader: dict[str, Json] = {"ip": item.ip, "user_agent": item.agent, "user_agent_parsed": parsed}
    words: dict[Kind, dict[str, Json]] = {
        Kind.SENT: {"event": "send"},
        Kind.DELIVERED: {"event": "delivered"},
        Kind.DEFERRED: {"event": "soft_bounce"},
        Kind.BOUNCED: {"event": "hard_bounce"},
        Kind.COMPLAINED: {"event": "spam"},
        Kind.REJECTED: {"event": "reject"},
        Kind.UNSUBSCRIBE: {"event": "unsub"},
        Kind.OPEN: {"event": "open", **reader},
        Kind.CLICK: {"event": "click", "url": item.url, **reader},
    }
    if item.kind not in words:
        return {}
    mail = {"_id": item.message, "email": item.address, "tags": [item.campaign], "metadata": dict(item.metadata)}
    return {"ts": item.seconds, "_id": item.message, "msg": mail, **words[item.kind]}


def _resend(item: ProviderEvent) -> dict[str, Json]:
    reader: dict[str, Json] = {"ipAddress": item.ip, "userAgent": item.agent, "timestamp": item.iso()}
    words: dict[Kind, tuple[str, dict[str, Json]]] = {
        Kind.SENT: ("sent", {}),
        Kind.DELIVERED: ("delivered", {}),
        Kind.DEFERRED: ("bounced", {"bounce": {"type": "Transient", "subType": "General", "message": "full"}}),
        Kind.BOUNCED: ("bounced", {"bounce": {"type": "Permanent", "subType": "General", "message": "unknown"}}),
        Kind.COMPLAINED: ("complained", {}),
        Kind.REJECTED: ("suppressed", {}),
        Kind.OPEN: ("opened", {}),
        Kind.CLICK: ("clicked", {"click": {"link": item.url, **reader}}),
    }
    if item.kind not in words:
        return {}
    word, part = words[item.kind]
    mail = {"email_id": item.message, "to": [item.address], "tags": dict(item.metadata), "created_at": item.iso()}
    return {"type": f"email.{word}", "created_at": item.iso(), "data": {**mail, **part}}


def _mailersend(item: ProviderEvent) -> dict[str, Json]:
    words: dict[Kind, tuple[str, dict[str, Json] | None]] = {
        Kind.SENT: ("sent", None),
        Kind.DELIVERED: ("delivered", None),
        Kind.DEFERRED: ("soft_bounced", {"object": "recipient_bounce", "reason": "mailbox full"}),
        Kind.BOUNCED: ("hard_bounced", {"object": "recipient_bounce", "reason": "user unknown"}),
        Kind.COMPLAINED: ("spam_complaint", {"object": "spam_complaint"}),
        Kind.UNSUBSCRIBE: ("unsubscribed", {"object": "recipient_unsubscribe"}),
        Kind.OPEN: ("opened_unique", {"object": "open", "ip": item.ip}),
        Kind.CLICK: ("clicked_unique", {"object": "click", "ip": item.ip, "url": item.url}),
    }
    if item.kind not in words:
        return {}
    word, morph = words[item.kind]
    mail = {"message": {"id": item.message}, "recipient": {"email": item.address}, "tags": [item.mark]}
    data = {"object": "activity", "id": item.id, "type": word, "created_at": item.iso(digits=6), "email": mail}
    common = {"type": f"activity.{word}", "created_at": item.iso(digits=6), "webhook_id": "made-up"}
    return {**common, "data": {**data, "morph": morph}}


def _mailtrap(item: ProviderEvent) -> dict[str, Json]:
    reader: dict[str, Json] = {"ip": item.ip, "user_agent": item.agent}
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"event": "delivery"},
        Kind.DEFERRED: {"event": "soft bounce", "response_code": 452},
        Kind.BOUNCED: {"event": "bounce", "response_code": 550},
        Kind.COMPLAINED: {"event": "spam"},
        Kind.REJECTED: {"event": "reject"},
        Kind.UNSUBSCRIBE: {"event": "unsubscribe"},
        Kind.OPEN: {"event": "open", **reader},
        Kind.CLICK: {"event": "click", "url": item.url, **reader},
    }
    if item.kind not in words:
        return {}
    mail = {"message_id": item.message, "category": item.campaign, "custom_variables": dict(item.metadata)}
    return {"event_id": item.id, "timestamp": item.seconds, "email": item.address, **mail, **words[item.kind]}


def _postal(item: ProviderEvent) -> dict[str, Json]:
    reader: dict[str, Json] = {"ip_address": item.ip, "user_agent": item.agent}
    message = {"id": 12345, "token": item.message, "direction": "outgoing", "to": item.address, "tag": item.mark}
    words: dict[Kind, tuple[str, dict[str, Json]]] = {
        Kind.DELIVERED: ("MessageSent", {"status": "Sent", "message": message}),
        Kind.DEFERRED: ("MessageDelayed", {"status": "SoftFail", "message": message}),
        Kind.BOUNCED: ("MessageBounced", {"original_message": message, "bounce": {"id": 12346, "subject": "Failed"}}),
        Kind.OPEN: ("MessageLoaded", {"message": message, **reader}),
        Kind.CLICK: ("MessageLinkClicked", {"message": message, "url": item.url, "token": "x", **reader}),
    }
    if item.kind not in words:
        return {}
    word, payload = words[item.kind]
    return {"event": word, "timestamp": item.at.timestamp(), "uuid": item.id, "payload": payload}


def _unisender(item: ProviderEvent) -> dict[str, Json]:
    reader = {"delivery_info": {"user_agent": item.agent, "ip": item.ip}}
    words: dict[Kind, dict[str, Json]] = {
        Kind.SENT: {"status": "sent"},
        Kind.DELIVERED: {"status": "delivered"},
        Kind.DEFERRED: {"status": "soft_bounced", "delivery_info": {"delivery_status": "err_mailbox_full"}},
        Kind.BOUNCED: {"status": "hard_bounced", "delivery_info": {"delivery_status": "err_user_unknown"}},
        Kind.COMPLAINED: {"status": "spam"},
        Kind.UNSUBSCRIBE: {"status": "unsubscribed"},
        Kind.SUBSCRIBED: {"status": "subscribed"},
        Kind.OPEN: {"status": "opened", **reader},
        Kind.CLICK: {"status": "clicked", "url": item.url, **reader},
    }
    if item.kind not in words:
        return {}
    mail = {"job_id": item.message, "email": item.address, "metadata": dict(item.metadata)}
    data = {**mail, "event_time": f"{item.at:%Y-%m-%d %H:%M:%S}", **words[item.kind]}
    return {"event_name": "transactional_email_status", "event_data": data}


def _scaleway(item: ProviderEvent) -> dict[str, Json]:
    words = {
        Kind.DELIVERED: "email_delivered",
        Kind.DEFERRED: "email_deferred",
        Kind.BOUNCED: "email_dropped",
        Kind.REJECTED: "email_spam",
    }
    if item.kind not in words:
        return {}
    headers = [{"key": "X-Mailbeacon", "value": item.mark}]
    mail = {"email_id": item.message, "email_to": item.address, "email_headers": headers}
    return {"id": item.id, "type": words[item.kind], "created_at": item.iso(), **mail}


def _azure(item: ProviderEvent) -> dict[str, Json]:
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"status": "Delivered"},
        Kind.DEFERRED: {"status": "Failed", "deliveryStatusDetails": {"statusMessage": "4.2.2 full"}},
        Kind.BOUNCED: {"status": "Bounced", "deliveryStatusDetails": {"statusMessage": "5.1.1 unknown"}},
        Kind.REJECTED: {"status": "Suppressed"},
        Kind.OPEN: {"engagementType": "view", "userAgent": item.agent},
        Kind.CLICK: {"engagementType": "click", "engagementContext": item.url, "userAgent": item.agent},
    }
    if item.kind not in words:
        return {}
    engaged = item.kind in (Kind.OPEN, Kind.CLICK)
    word = "EmailEngagementTrackingReportReceived" if engaged else "EmailDeliveryReportReceived"
    stamp = "userActionTimestamp" if engaged else "deliveryAttemptTimestamp"
    data = {"messageId": item.message, "recipient": item.address, stamp: item.iso(digits=7), **words[item.kind]}
    return {
        "id": item.id,
        "eventType": f"Microsoft.Communication.{word}",
        "eventTime": item.iso(digits=7),
        "data": data,
    }


POSTS: Mapping[str, Callable[[ProviderEvent], dict[str, Json]]] = {
    "ses": _ses,
    "sendgrid": _sendgrid,
    "mailgun": _mailgun,
    "postmark": _postmark,
    "sparkpost": _sparkpost,
    "brevo": _brevo,
    "mailjet": _mailjet,
    "mandrill": _mandrill,
    "resend": _resend,
    "mailersend": _mailersend,
    "mailtrap": _mailtrap,
    "postal": _postal,
    "unisender": _unisender,
    "scaleway": _scaleway,
    "azure": _azure,
}
"""A report in each provider's words; an empty one where it has no word for the kind."""
