{{/* What the operator may do where documents are: each rule for something that it does. */}}
{{- define "headwater.rules" -}}
{{- $documents := include "headwater.kinds" (dict "root" . "made" false) | splitList "," }}
{{- $made := include "headwater.kinds" (dict "root" . "made" true) | splitList "," }}
# Documents: they are read, and their finalizers are set and taken away. It makes none and deletes none.
- apiGroups: [headwater.dev]
  resources: {{- toYaml $documents | nindent 4 }}
  verbs: [get, list, watch, patch]
# What it makes itself; an approval that was used is taken away.
- apiGroups: [headwater.dev]
  resources: {{- toYaml $made | nindent 4 }}
  verbs: [get, list, watch, create, patch]
- apiGroups: [headwater.dev]
  resources:
    {{- range concat $documents $made }}
    - {{ . }}/status
    {{- end }}
  verbs: [patch]
# Site systems own what runs them; clusters that protect owners want this of whoever says so.
- apiGroups: [headwater.dev]
  resources: [sitesystems/finalizers]
  verbs: [update]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# What runs site systems of the placement Kubernetes, and what was observed last (a ConfigMap).
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [services, configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
{{- if .Values.certManager.issuer }}
- apiGroups: [cert-manager.io]
  resources: [certificates]
  verbs: [get, list, watch, create, patch, delete]
{{- end }}
# Volumes are made by Kubernetes, for StatefulSets; one whose size changes is looked at, and made larger.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, patch]
# What an operator leaves to the next one: the authority of the hierarchy, what is known of its agents, and
# what notifications have told.
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [headwater-hierarchy, headwater-told]
  verbs: [get, patch]
# Tokens by which agents join, which are deleted when they are used, and certificates of roles. Never
# listed: what it does not know by name it cannot find. Making one cannot be limited to names.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
- apiGroups: [""]
  resources: [secrets]
  {{- with .Values.rbac.secretNames }}
  resourceNames: {{- toYaml . | nindent 4 }}
  {{- end }}
  verbs: [get, patch, delete]
{{- end }}
