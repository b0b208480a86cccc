{{/* What the operator may do where documents are: each rule for something that it does. */}}
{{- define "headwater.rules" -}}
{{- $documents := include "headwater.kinds" (dict "root" . "made" false) | splitList "," }}
{{- $made := include "headwater.kinds" (dict "root" . "made" true) | splitList "," }}
# Documents: they are read, their finalizers are set and taken away, and their status is told.
- apiGroups: [headwater.dev]
  resources: {{- toYaml $documents | nindent 4 }}
  verbs: [get, list, watch, patch, update]
- apiGroups: [headwater.dev]
  resources: {{- toYaml $made | nindent 4 }}
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: [headwater.dev]
  resources:
    {{- range concat $documents $made }}
    - {{ . }}/status
    {{- end }}
  verbs: [get, patch, update]
# Whoever owns something needs this one where owners are protected.
- apiGroups: [headwater.dev]
  resources:
    {{- range concat $documents $made }}
    - {{ . }}/finalizers
    {{- end }}
  verbs: [update]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# What runs site systems of the placement Kubernetes.
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, update, delete]
# Volumes are made by Kubernetes, for StatefulSets; they are only looked at, and made larger.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
# Certificates, tokens, and passwords that documents name. Never listed: what it does not know by
# name it cannot find.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
- apiGroups: [""]
  resources: [secrets]
  {{- with .Values.rbac.secretNames }}
  resourceNames: {{- toYaml . | nindent 4 }}
  {{- end }}
  verbs: [get, patch, update]
{{- if .Values.certManager.enabled }}
- apiGroups: [cert-manager.io]
  resources: [certificates]
  verbs: [get, list, watch, create, patch, update, delete]
{{- end }}
{{- end }}
