"""What providers post about a mail, in the shapes of their own documentation; every value is made up.

One function for each provider. Where a provider has no word for a kind, it writes none. Source: as for each provider in
``docs/reference/webhooks.md``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from mailbeacon.fake.reports import Json, Told
from mailbeacon.model import Kind

__all__ = ["POSTS"]


def _ses(told: Told) -> dict[str, Json]:
    words: dict[Kind, tuple[str, str, dict[str, Json]]] = {
        Kind.SENT: ("Send", "send", {}),
        Kind.DELIVERED: ("Delivery", "delivery", {"recipients": [told.address], "smtpResponse": "250 ok"}),
        Kind.DEFERRED: ("Bounce", "bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}),
        Kind.BOUNCED: ("Bounce", "bounce", {"bounceType": "Permanent", "bounceSubType": "General"}),
        Kind.COMPLAINED: ("Complaint", "complaint", {"complaintFeedbackType": "abuse"}),
        Kind.REJECTED: ("Reject", "reject", {"reason": "Bad content"}),
        Kind.UNSUBSCRIBE: ("Subscription", "subscription", {"source": "UnsubscribeHeader"}),
        Kind.OPEN: ("Open", "open", {"ipAddress": told.ip, "userAgent": told.agent}),
        Kind.CLICK: ("Click", "click", {"ipAddress": told.ip, "userAgent": told.agent, "link": told.url}),
    }
    if told.kind not in words:
        return {}
    word, name, part = words[told.kind]
    concerned = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients"}.get(name)
    if concerned:
        part = {**part, concerned: [{"emailAddress": told.address}]}
    mail = {
        "timestamp": told.iso(),
        "messageId": told.message,
        "destination": [told.address],
        "headers": [{"name": "Subject", "value": "Hello"}],
        "tags": {"ses:configuration-set": ["made-up"], **{key: [value] for key, value in told.metadata.items()}},
    }
    return {"eventType": word, "mail": mail, name: {"timestamp": told.iso(), **part}}


def _sendgrid(told: Told) -> dict[str, Json]:
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
            "useragent": told.agent,
            "ip": told.ip,
            "sg_machine_open": told.machine or told.proxy,
        },
        Kind.CLICK: {"event": "click", "useragent": told.agent, "ip": told.ip, "url": told.url},
    }
    common = {"email": told.address, "timestamp": told.seconds, "sg_event_id": told.id}
    mail = {"sg_message_id": f"{told.message}.recvd-1", "category": [told.campaign], **told.metadata}
    return {**common, **mail, **words[told.kind]} if told.kind in words else {}


def _mailgun(told: Told) -> dict[str, Json]:
    bot = "apple" if told.proxy else "generic" if told.machine else ""
    reader: dict[str, Json] = {"ip": told.ip, "client-info": {"user-agent": told.agent, "bot": bot}}
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"event": "delivered"},
        Kind.DEFERRED: {"event": "failed", "severity": "temporary", "reason": "generic"},
        Kind.BOUNCED: {"event": "failed", "severity": "permanent", "reason": "bounce"},
        Kind.COMPLAINED: {"event": "complained"},
        Kind.REJECTED: {"event": "rejected", "reject": {"reason": "Sandbox"}},
        Kind.UNSUBSCRIBE: {"event": "unsubscribed"},
        Kind.OPEN: {"event": "opened", **reader},
        Kind.CLICK: {"event": "clicked", "url": told.url, **reader},
    }
    if told.kind not in words:
        return {}
    data = {
        "id": told.id[:8],
        "timestamp": told.at.timestamp(),
        "recipient": told.address,
        "message": {"headers": {"message-id": f"{told.message}@example.org"}},
        "tags": [told.campaign],
        "user-variables": dict(told.metadata),
        **words[told.kind],
    }
    return {"signature": {"timestamp": str(told.seconds), "token": told.id, "signature": ""}, "event-data": data}


def _postmark(told: Told) -> dict[str, Json]:
    reader: dict[str, Json] = {"UserAgent": told.agent, "Geo": {"IP": told.ip}, "ReceivedAt": told.iso(digits=7)}
    bounced: dict[str, Json] = {"RecordType": "Bounce", "Email": told.address, "BouncedAt": told.iso(digits=7)}
    bounced["ID"] = told.seconds
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"RecordType": "Delivery", "Recipient": told.address, "DeliveredAt": told.iso(digits=7)},
        Kind.DEFERRED: {**bounced, "Type": "SoftBounce", "TypeCode": 4096},
        Kind.BOUNCED: {**bounced, "Type": "HardBounce", "TypeCode": 1},
        Kind.REJECTED: {**bounced, "Type": "Blocked", "TypeCode": 100006},
        Kind.COMPLAINED: {**bounced, "RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 512},
        Kind.UNSUBSCRIBE: _postmark_change(told, suppressed=True),
        Kind.SUBSCRIBED: _postmark_change(told, suppressed=False),
        Kind.OPEN: {"RecordType": "Open", "FirstOpen": True, "Recipient": told.address, **reader},
        Kind.CLICK: {"RecordType": "Click", "Recipient": told.address, "OriginalLink": told.url, **reader},
    }
    mail = {
        "MessageID": told.message,
        "MessageStream": "outbound",
        "Tag": told.campaign,
        "Metadata": dict(told.metadata),
    }
    return {**mail, **words[told.kind]} if told.kind in words else {}


def _postmark_change(told: Told, *, suppressed: bool) -> dict[str, Json]:
    return {
        "RecordType": "SubscriptionChange",
        "Recipient": told.address,
        "ChangedAt": told.iso(),
        "SuppressSending": suppressed,
        "SuppressionReason": "ManualSuppression" if suppressed else None,
    }


def _sparkpost(told: Told) -> dict[str, Json]:
    reader: dict[str, Json] = {"user_agent": told.agent, "ip_address": told.ip}
    flag = {"is_prefetched": True} if told.machine or told.proxy else {}
    words: dict[Kind, tuple[str, dict[str, Json]]] = {
        Kind.SENT: ("message_event", {"type": "injection"}),
        Kind.DELIVERED: ("message_event", {"type": "delivery"}),
        Kind.DEFERRED: ("message_event", {"type": "bounce", "bounce_class": "22"}),
        Kind.BOUNCED: ("message_event", {"type": "bounce", "bounce_class": "10", "error_code": "550"}),
        Kind.COMPLAINED: ("message_event", {"type": "spam_complaint", "fbtype": "abuse"}),
        Kind.REJECTED: ("message_event", {"type": "policy_rejection"}),
        Kind.UNSUBSCRIBE: ("unsubscribe_event", {"type": "list_unsubscribe"}),
        Kind.OPEN: ("track_event", {"type": "initial_open", **reader, **flag}),
        Kind.CLICK: ("track_event", {"type": "click", "target_link_url": told.url, **reader}),
    }
    if told.kind not in words:
        return {}
    name, part = words[told.kind]
    mail = {
        "campaign_id": told.campaign,
        "transmission_id": told.message,
        "rcpt_meta": dict(told.metadata),
        "rcpt_tags": [],
    }
    common = {"event_id": told.id, "timestamp": str(told.seconds), "rcpt_to": told.address.lower()}
    return {"msys": {name: {**common, "raw_rcpt_to": told.address, **mail, **part}}}


def _brevo(told: Told) -> dict[str, Json]:
    words = {
        Kind.SENT: "request",
        Kind.DELIVERED: "delivered",
        Kind.DEFERRED: "soft_bounce",
        Kind.BOUNCED: "hard_bounce",
        Kind.COMPLAINED: "spam",
        Kind.REJECTED: "blocked",
        Kind.UNSUBSCRIBE: "unsubscribed",
        Kind.SUBSCRIBED: "list_addition",
        Kind.OPEN: "unique_proxy_open" if told.proxy or told.machine else "unique_opened",
        Kind.CLICK: "click",
    }
    if told.kind not in words:
        return {}
    event: dict[str, Json] = {
        "event": words[told.kind],
        "email": told.address,
        "id": 26224,
        "date": f"{told.at:%Y-%m-%d %H:%M:%S}",
        "ts_epoch": int(told.at.timestamp() * 1000),
        "message-id": f"<{told.message}@example.org>",
        "X-Mailin-custom": json.dumps(dict(told.metadata)),
        "tags": [told.campaign],
    }
    if told.kind is Kind.CLICK:
        event["link"] = told.url
    return {**event, "user_agent": told.agent} if told.kind in (Kind.OPEN, Kind.CLICK) else event


def _mailjet(told: Told) -> dict[str, Json]:
    reader: dict[str, Json] = {"ip": told.ip, "geo": "FR", "agent": told.agent}
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"event": "sent", "smtp_reply": "250 ok"},
        Kind.DEFERRED: {"event": "bounce", "hard_bounce": False, "error": "greylisted"},
        Kind.BOUNCED: {"event": "bounce", "hard_bounce": True, "error": "user unknown"},
        Kind.COMPLAINED: {"event": "spam", "source": "JMRPP"},
        Kind.REJECTED: {"event": "blocked", "error": "preblocked"},
        Kind.UNSUBSCRIBE: {"event": "unsub", "mj_list_id": 1},
        Kind.OPEN: {"event": "open", **reader},
        Kind.CLICK: {"event": "click", "url": told.url, **reader},
    }
    if told.kind not in words:
        return {}
    mail = {
        "MessageID": 19421777835146490,
        "Message_GUID": told.message,
        "mj_campaign_id": 7,
        "customcampaign": told.campaign,
    }
    metadata = {"CustomID": "", "Payload": json.dumps(dict(told.metadata))}
    return {"time": told.seconds, "email": told.address, **mail, **metadata, **words[told.kind]}


def _mandrill(told: Told) -> dict[str, Json]:
    parsed = {"type": "robot" if told.machine or told.proxy else "Browser", "ua_name": "Firefox"}
    reader: dict[str, Json] = {"ip": told.ip, "user_agent": told.agent, "user_agent_parsed": parsed}
    words: dict[Kind, dict[str, Json]] = {
        Kind.SENT: {"event": "send"},
        Kind.DELIVERED: {"event": "delivered"},
        Kind.DEFERRED: {"event": "soft_bounce"},
        Kind.BOUNCED: {"event": "hard_bounce"},
        Kind.COMPLAINED: {"event": "spam"},
        Kind.REJECTED: {"event": "reject"},
        Kind.UNSUBSCRIBE: {"event": "unsub"},
        Kind.OPEN: {"event": "open", **reader},
        Kind.CLICK: {"event": "click", "url": told.url, **reader},
    }
    if told.kind not in words:
        return {}
    mail = {"_id": told.message, "email": told.address, "tags": [told.campaign], "metadata": dict(told.metadata)}
    return {"ts": told.seconds, "_id": told.message, "msg": mail, **words[told.kind]}


def _resend(told: Told) -> dict[str, Json]:
    reader: dict[str, Json] = {"ipAddress": told.ip, "userAgent": told.agent, "timestamp": told.iso()}
    words: dict[Kind, tuple[str, dict[str, Json]]] = {
        Kind.SENT: ("sent", {}),
        Kind.DELIVERED: ("delivered", {}),
        Kind.DEFERRED: ("bounced", {"bounce": {"type": "Transient", "subType": "General", "message": "full"}}),
        Kind.BOUNCED: ("bounced", {"bounce": {"type": "Permanent", "subType": "General", "message": "unknown"}}),
        Kind.COMPLAINED: ("complained", {}),
        Kind.REJECTED: ("suppressed", {}),
        Kind.OPEN: ("opened", {}),
        Kind.CLICK: ("clicked", {"click": {"link": told.url, **reader}}),
    }
    if told.kind not in words:
        return {}
    word, part = words[told.kind]
    mail = {"email_id": told.message, "to": [told.address], "tags": dict(told.metadata), "created_at": told.iso()}
    return {"type": f"email.{word}", "created_at": told.iso(), "data": {**mail, **part}}


def _mailersend(told: Told) -> dict[str, Json]:
    words: dict[Kind, tuple[str, dict[str, Json] | None]] = {
        Kind.SENT: ("sent", None),
        Kind.DELIVERED: ("delivered", None),
        Kind.DEFERRED: ("soft_bounced", {"object": "recipient_bounce", "reason": "mailbox full"}),
        Kind.BOUNCED: ("hard_bounced", {"object": "recipient_bounce", "reason": "user unknown"}),
        Kind.COMPLAINED: ("spam_complaint", {"object": "spam_complaint"}),
        Kind.UNSUBSCRIBE: ("unsubscribed", {"object": "recipient_unsubscribe"}),
        Kind.OPEN: ("opened_unique", {"object": "open", "ip": told.ip}),
        Kind.CLICK: ("clicked_unique", {"object": "click", "ip": told.ip, "url": told.url}),
    }
    if told.kind not in words:
        return {}
    word, morph = words[told.kind]
    mail = {"message": {"id": told.message}, "recipient": {"email": told.address}, "tags": [told.mark]}
    data = {"object": "activity", "id": told.id, "type": word, "created_at": told.iso(digits=6), "email": mail}
    common = {"type": f"activity.{word}", "created_at": told.iso(digits=6), "webhook_id": "made-up"}
    return {**common, "data": {**data, "morph": morph}}


def _mailtrap(told: Told) -> dict[str, Json]:
    reader: dict[str, Json] = {"ip": told.ip, "user_agent": told.agent}
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"event": "delivery"},
        Kind.DEFERRED: {"event": "soft bounce", "response_code": 452},
        Kind.BOUNCED: {"event": "bounce", "response_code": 550},
        Kind.COMPLAINED: {"event": "spam"},
        Kind.REJECTED: {"event": "reject"},
        Kind.UNSUBSCRIBE: {"event": "unsubscribe"},
        Kind.OPEN: {"event": "open", **reader},
        Kind.CLICK: {"event": "click", "url": told.url, **reader},
    }
    if told.kind not in words:
        return {}
    mail = {"message_id": told.message, "category": told.campaign, "custom_variables": dict(told.metadata)}
    return {"event_id": told.id, "timestamp": told.seconds, "email": told.address, **mail, **words[told.kind]}


def _postal(told: Told) -> dict[str, Json]:
    reader: dict[str, Json] = {"ip_address": told.ip, "user_agent": told.agent}
    message = {"id": 12345, "token": told.message, "direction": "outgoing", "to": told.address, "tag": told.mark}
    words: dict[Kind, tuple[str, dict[str, Json]]] = {
        Kind.DELIVERED: ("MessageSent", {"status": "Sent", "message": message}),
        Kind.DEFERRED: ("MessageDelayed", {"status": "SoftFail", "message": message}),
        Kind.BOUNCED: ("MessageBounced", {"original_message": message, "bounce": {"id": 12346, "subject": "Failed"}}),
        Kind.OPEN: ("MessageLoaded", {"message": message, **reader}),
        Kind.CLICK: ("MessageLinkClicked", {"message": message, "url": told.url, "token": "x", **reader}),
    }
    if told.kind not in words:
        return {}
    word, payload = words[told.kind]
    return {"event": word, "timestamp": told.at.timestamp(), "uuid": told.id, "payload": payload}


def _unisender(told: Told) -> dict[str, Json]:
    reader = {"delivery_info": {"user_agent": told.agent, "ip": told.ip}}
    words: dict[Kind, dict[str, Json]] = {
        Kind.SENT: {"status": "sent"},
        Kind.DELIVERED: {"status": "delivered"},
        Kind.DEFERRED: {"status": "soft_bounced", "delivery_info": {"delivery_status": "err_mailbox_full"}},
        Kind.BOUNCED: {"status": "hard_bounced", "delivery_info": {"delivery_status": "err_user_unknown"}},
        Kind.COMPLAINED: {"status": "spam"},
        Kind.UNSUBSCRIBE: {"status": "unsubscribed"},
        Kind.SUBSCRIBED: {"status": "subscribed"},
        Kind.OPEN: {"status": "opened", **reader},
        Kind.CLICK: {"status": "clicked", "url": told.url, **reader},
    }
    if told.kind not in words:
        return {}
    mail = {"job_id": told.message, "email": told.address, "metadata": dict(told.metadata)}
    data = {**mail, "event_time": f"{told.at:%Y-%m-%d %H:%M:%S}", **words[told.kind]}
    return {"event_name": "transactional_email_status", "event_data": data}


def _scaleway(told: Told) -> dict[str, Json]:
    words = {
        Kind.DELIVERED: "email_delivered",
        Kind.DEFERRED: "email_deferred",
        Kind.BOUNCED: "email_dropped",
        Kind.REJECTED: "email_spam",
    }
    if told.kind not in words:
        return {}
    headers = [{"key": "X-Mailbeacon", "value": told.mark}]
    mail = {"email_id": told.message, "email_to": told.address, "email_headers": headers}
    return {"id": told.id, "type": words[told.kind], "created_at": told.iso(), **mail}


def _azure(told: Told) -> dict[str, Json]:
    words: dict[Kind, dict[str, Json]] = {
        Kind.DELIVERED: {"status": "Delivered"},
        Kind.DEFERRED: {"status": "Failed", "deliveryStatusDetails": {"statusMessage": "4.2.2 full"}},
        Kind.BOUNCED: {"status": "Bounced", "deliveryStatusDetails": {"statusMessage": "5.1.1 unknown"}},
        Kind.REJECTED: {"status": "Suppressed"},
        Kind.OPEN: {"engagementType": "view", "userAgent": told.agent},
        Kind.CLICK: {"engagementType": "click", "engagementContext": told.url, "userAgent": told.agent},
    }
    if told.kind not in words:
        return {}
    engaged = told.kind in (Kind.OPEN, Kind.CLICK)
    word = "EmailEngagementTrackingReportReceived" if engaged else "EmailDeliveryReportReceived"
    stamp = "userActionTimestamp" if engaged else "deliveryAttemptTimestamp"
    data = {"messageId": told.message, "recipient": told.address, stamp: told.iso(digits=7), **words[told.kind]}
    return {
        "id": told.id,
        "eventType": f"Microsoft.Communication.{word}",
        "eventTime": told.iso(digits=7),
        "data": data,
    }


POSTS: Mapping[str, Callable[[Told], dict[str, Json]]] = {
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
